"""Pieces of HTML: what stands in them is text, whatever it looks like."""

from html.parser import HTMLParser

from hptsim.html import frame, lines, table

HOSTILE = """</pre></td><script>alert("1")</script>' onload='x"""


class Reader(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.attributes = [], [], {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data):
        self.texts.append(data)


def test_a_hostile_name_stays_a_text():
    read = Reader(table([HOSTILE], [[HOSTILE]]))
    assert read.tags == ["table", "tr", "th", "tr", "td"] and read.texts == [HOSTILE, HOSTILE]
    read = Reader(lines(HOSTILE))
    assert read.tags == ["pre"] and "".join(read.texts) == HOSTILE
    read = Reader(frame(HOSTILE, 10, HOSTILE))
    assert read.tags == ["iframe"] and read.attributes["srcdoc"] == read.attributes["title"] == HOSTILE
    assert read.attributes.keys() == {"title", "sandbox", "style", "srcdoc"}


def test_numbers_are_short_and_nothing_is_a_dash():
    cells = Reader(table([], [[1 / 3, 12345.678, 7, None]])).texts
    assert cells == ["0.3333", "12,346", "7", "–"]
