"""The layout by dot: ranks from top to bottom, and room for every label."""

from itertools import combinations

import pytest

from hptsim.views.dot_layout import arranged

pytest.importorskip("pygraphviz", reason="needs the extra 'plots'")
BOXES = dict.fromkeys(("a", "b", "c", "d"), (80.0, 28.0))
LABELS = {("a", "b"): (60.0, 30.0), ("a", "c"): (120.0, 15.0), ("b", "d"): (40.0, 15.0), ("d", "a"): (70.0, 45.0)}


def areas(found):
    sized = [(found.boxes[name], size) for name, size in BOXES.items()]
    sized += [(found.labels[pair], size) for pair, size in LABELS.items()]
    return [(x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2) for (x, y), (wide, tall) in sized]


def test_no_box_and_no_label_lies_on_another_or_off_the_paper():
    found = arranged(BOXES, LABELS)
    for one, other in combinations(areas(found), 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    wide, tall = found.size
    assert all(left >= 0 and top >= 0 and right <= wide and bottom <= tall for left, top, right, bottom in areas(found))


def test_a_course_leads_from_the_edge_of_one_box_to_that_of_the_other():
    found = arranged(BOXES, LABELS)
    for (source, target), course in found.courses.items():
        assert len(course) % 3 == 2, "a start, three points for each curve, the tip"
        for name, (x, y) in ((source, course[0]), (target, course[-1])):
            middle = found.boxes[name]
            across, down = abs(x - middle[0]), abs(y - middle[1])
            assert across <= 41 and down <= 15 and (across >= 39 or down >= 13), (source, target)


def test_ranks_go_down_and_what_is_to_be_straight_is():
    boxes = dict.fromkeys("abcdef", (60.0, 20.0))
    pairs = dict.fromkeys(
        (("a", "b"), ("b", "c"), ("a", "d"), ("a", "e"), ("e", "c"), ("e", "f"), ("f", "c")), (40.0, 15.0)
    )
    found = arranged(boxes, pairs, [("a", "e"), ("e", "f")])
    assert found.boxes["a"][1] < found.boxes["b"][1] < found.boxes["c"][1]
    assert found.boxes["a"][0] == pytest.approx(found.boxes["e"][0]) == pytest.approx(found.boxes["f"][0])


def test_names_that_mean_something_to_dot_are_names_like_others():
    names = ("<b>", "a:b", '"', "\\N", "n;}", "[*]")
    found = arranged(dict.fromkeys(names, (50.0, 20.0)), {("<b>", "a:b"): (30.0, 15.0), ("a:b", '"'): (30.0, 15.0)})
    assert set(found.boxes) == set(names) and set(found.courses) == {("<b>", "a:b"), ("a:b", '"')}
