"""The lessons' answers, found again another way; and that every question, hint and minute is where the pages say."""

import json
import math
import re

import pytest
from extras import long
from lesson_shelf import DOCS

pytest.importorskip("sphinx", reason="the lessons are pages of the site: its extra is docs")
pytest.importorskip("matplotlib", reason="the lessons draw: pip install 'hptsim[plots]'")

from lessons import directives, forms, graphs, runs
from lessons.questions import Choice, Matching, Number, Option, Question, Wanted, Way

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model import Assumptions, ResourceLimits
from hptsim.scenario import Recorded, ScheduledTuningJob, Script, Timings
from hptsim.views.drawings import Drawing, Key
from hptsim.views.marks import mark_svg

SLOW = "6-how-to-trust-a-simulator"
"""Its answers take a second or two."""
PAGES = list(directives.MAKERS)
pages = pytest.mark.parametrize("page", [long(page) if page == SLOW else page for page in PAGES])


def question(number, name):
    """A question by the number of its lesson and its name."""
    [found] = [one for one in directives.lesson_of(PAGES[number - 1]).questions if one.name == name]
    return found


def chosen(one):
    return [option.words for option in one.options if option.so]


# ---- the answers, by arithmetic and by other readings
STARTING, DOWNLOADING, TRAINING, UPLOADING, TEARDOWN, SAVE, WINDOW, STOP = 180, 50, 600, 7, 75, 20, 120, 400


def test_what_stop_means():
    assert chosen(question(1, "status")) == ["Stopping"]
    assert question(1, "when").right == STOP + SAVE + UPLOADING
    assert chosen(question(1, "late")) == ["0"]
    assert question(1, "ignores").right == WINDOW
    ends_s = {"Starting": STARTING, "Downloading": 230, "Training": 830, "Uploading": 837}
    begins_s = dict(zip(ends_s, [0, *ends_s.values()], strict=False))
    kept = question(1, "kept")
    for option, phase in zip(kept.options, ends_s, strict=True):
        at_s = int(re.search(r"stop at (\d+) s", option.words)[1])
        assert option.words.startswith(phase) and begins_s[phase] <= at_s < ends_s[phase]
        assert option.so == (phase in ("Training", "Uploading"))


def test_what_is_free_when():
    """Nobody of the five has the same end: 1,700, 1,812, 1,800 + 20 + 32, and twice 1,800 + 75."""
    ends_s = {"001": 100 + 60 + 1508 + 32, "002": 100 + 60 + 1620 + 32, "003": 1800 + 20 + 32, "004": 1875, "005": 1875}
    assert chosen(question(2, "occupied")) == [name for name, end_s in ends_s.items() if end_s > 1827]
    assert question(2, "free").right == 0
    assert question(2, "begins").right == max(ends_s.values())
    assert chosen(question(2, "observed")) == [name for name, end_s in ends_s.items() if end_s <= 1827]
    assert chosen(question(2, "safe")) == ["the status Stopped"]


def test_the_instances_of_lesson_2_as_any_caller_sees_them():
    """The same run stepped from outside: what the account has reserved and occupied at the second that is asked about."""
    recorded = tuple(
        Recorded(starting_s=a, downloading_s=60, training_s=b) for a, b in ((100, 1508), (100, 1620), (100, 3000))
    )
    recorded += tuple(Recorded(starting_s=a, downloading_s=60, training_s=600) for a in (1770, 1850))
    for policy, reserved in (("reuse", 5), ("as-observed", 5 - len(chosen(question(2, "observed"))))):
        spec = TuningJobSpec("search", limits=ResourceLimits(5, 5))
        sim = Simulation(
            Scenario(
                capacity={runs.POOL: 5},
                tuning_jobs=(ScheduledTuningJob(spec, 0, 1800, recorded=recorded),),
                timings=Timings(training_s=600, uploading_s=32, teardown_s=75),
                script=Script("save", save_s=20),
                assumptions=Assumptions(reservation=policy),
            )
        )
        sim.run(until=1827)
        assert sim.capacity.reserved[runs.POOL] == reserved
        assert sim.capacity.occupied[runs.POOL] == len(chosen(question(2, "occupied")))


def test_races_and_orders():
    assert chosen(question(3, "count")) == ["200"]
    assert chosen(question(3, "after")) == ["a model is stored", "the script writes to its log"]
    assert chosen(question(3, "late")) == ["the call is refused, and the tuning job stays Completed"]
    assert question(3, "at-once").right == len(["create", "stop"])
    assert (
        question(3, "forgets").right
        == ["create", "launch", "ready", "downloaded", "exited", "stop", "uploaded"].index("stop") + 1
    )


def test_the_bill_of_a_stop():
    assert question(4, "billed").right == STOP + SAVE + UPLOADING - STARTING
    assert question(4, "early").right == 0
    assert chosen(question(4, "cheapest")) == ["it ends at once, without saving"]
    assert question(4, "held").right == 5 * 75
    assert question(4, "held-observed").right == 12 + 52 + 75 + 75


def test_the_ways_of_the_explorer():
    """Each task's shortest way, by distances that are relaxed until none changes."""
    for one, fewest in (("empty", 3), ("kept", 8), ("idle", 3), ("failed", 9), ("find", 7)):
        way = question(5, one)
        far = {0: 0}
        for _ in way.targets:
            for state, steps in enumerate(way.targets):
                for target in steps:
                    if state in far and target is not None:
                        far[target] = min(far.get(target, math.inf), far[state] + 1)
        assert len(way.shortest()) == min(far[state] for state in way.reached()) == fewest
    graph = graphs.forgets()
    assert question(5, "red").right == sum(node.broken is not None for node in graph.nodes)
    assert {node.broken.law for node in graph.nodes if node.broken} == {"what was saved is stored"}


@pytest.mark.long
def test_how_to_trust_a_simulator():
    assert [option.so for option in question(6, "contradicts").options] == [True, False, False, True, True]
    page = (DOCS / "validation" / "recorded-service.md").read_text(encoding="utf-8")
    said = [tuple(map(int, one)) for one in re.findall(r"(\d+) runs:.*lies in the twin's range for (\d+)\.", page)]
    runs_, inside = map(sum, zip(*said, strict=True))
    assert chosen(question(6, "ranges")) == [f"{runs_ - inside} of {runs_}"]
    [right] = chosen(question(6, "theory"))
    assert right.startswith("600 customers")
    assert [law for law, _ in question(6, "laws").rows.values()] == [
        "reservation held until the end",
        "what was saved is stored",
        "tuning statuses in order",
        "released at the end, exactly once",
        "a stop reaches every child",
    ]
    assert chosen(question(6, "edits")) == ["those of the rows that happen in this scope, and no others"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_laboratory_answers_as_its_page_does(number):
    """Driven as a reader drives it: event by event, looking at what the page shows."""
    lesson = directives.lesson_of(PAGES[number - 1])
    one = question(number, "laboratory")

    def pressed(events, **changes):
        twin = runs.page_of_the_twin(**{**lesson.laboratory, **changes})
        for _ in range(events):
            twin.next_event()
        twin.stop()
        views = [json.loads(twin.view())]
        while views[-1]["jobs"][0]["ended_s"] is None:
            twin.next_event()
            views.append(json.loads(twin.view()))
        return views

    def took_s(views):
        return views[-1]["jobs"][0]["ended_s"] - views[-1]["jobs"][0]["stop_s"]

    if number == 1:
        assert took_s(pressed(3)) == pytest.approx(one.right, abs=one.within)
    elif number == 2:
        assert pressed(8)[-2]["jobs"][0]["reserved"] == one.right
    elif number == 3:
        for option in one.options:
            models = pressed(int(option.words.removeprefix("after ")))[-1]["models"]
            assert option.so == (models == 3)
    else:
        assert took_s(pressed(7, save_s=100)) - took_s(pressed(7)) == pytest.approx(one.right)


# ---- the pages
def test_the_answers_are_no_answers_of_a_service_that_gives_back_at_once(monkeypatch):
    """The answers come from the twin: with other durations they are others."""
    from lessons import lesson_1

    monkeypatch.setattr(
        runs, "TIMINGS", Timings(starting_s=180, downloading_s=50, training_s=600, uploading_s=30, teardown_s=75)
    )
    [_, when] = lesson_1.lesson().parts[0].questions
    assert when.right == STOP + SAVE + 30 != question(1, "when").right


@pages
def test_a_page_has_the_parts_and_the_questions_of_its_lesson(page):
    lesson = directives.lesson_of(page)
    text = (DOCS / "lessons" / f"{page}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {page[0]}. {lesson.title}\n\n```{{lesson}}\n```\n")
    found = {
        title: re.findall(r"^```\{question\} (\S+)$", part, re.MULTILINE)
        for title, part in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    }
    assert found == {part.title: [one.name for one in part.questions] for part in lesson.parts}
    assert list(found) == [part.title for part in lesson.parts]
    assert text.count("```{laboratory}\n```") == 1
    assert f"lessons/{page}\n" in (DOCS / "lessons.md").read_text(encoding="utf-8")


@pages
def test_minutes_add_up_to_a_lesson_that_fits(page):
    lesson = directives.lesson_of(page)
    assert 15 <= lesson.minutes <= 25 and lesson.minutes == sum(part.minutes for part in lesson.parts)
    assert all(part.minutes >= 2 * len(part.questions) for part in lesson.parts)


def test_there_is_a_page_for_each_lesson_and_none_besides():
    assert {path.stem for path in (DOCS / "lessons").glob("*.md")} == {*PAGES, "instructor"}


@pytest.mark.long
def test_the_instructors_page_begins_with_all_lessons_and_their_minutes():
    lines = directives.overview()
    for page in PAGES:
        lesson = directives.lesson_of(page)
        [line] = [line for line in lines if f"({page}.md)" in line]
        assert f" | {lesson.minutes} | {len(lesson.questions)} | " in line


@pages
def test_questions_hide_their_answers_and_have_hints_for_wrong_predictions(page):
    names = [one.name for one in directives.lesson_of(page).questions]
    assert len(set(names)) == len(names)
    for one in directives.lesson_of(page).questions:
        check_form(one)


def check_form(one):
    before, _, after = forms.form(one).partition('<details class="solution">')
    asked = re.sub(r"<script.*?</script>", "", before)
    assert "checked" not in asked and "selected" not in asked and asked.count("value=") == asked.count('value="')
    assert isinstance(one, (Choice, Matching, Way)) or f">{one.solution()}<" not in asked
    assert "open" not in after.partition(">")[0]
    assert one.because.strip() and one.text.strip()
    assert not re.match(r"\d+\. ", one.because), "Markdown would make a numbered list of it"
    for wrong, hint in one.wrong():
        assert wrong and hint.endswith((".", "?")), (wrong, hint)
        assert not re.search("[`<*]", hint), "hints are plain text"
    json.dumps(one.data())


@pages
def test_the_instructor_has_every_solution_and_every_hint(page):
    lesson = directives.lesson_of(page)
    text = "\n".join(directives.instructions(page))
    for part in lesson.parts:
        assert f"{part.title}: {part.minutes} minutes" in text
    for one in lesson.questions:
        assert one.text in text and one.because in text and directives.plain(one.solution()) in text
        assert all(f"| {directives.plain(wrong)} | {directives.plain(hint)} |" in text for wrong, hint in one.wrong())
    assert lesson.more and all(more in text for more in lesson.more)


@pages
def test_the_laboratorys_address_has_settings_of_its_page(page):
    script = (DOCS / "twin" / "twin.js").read_text(encoding="utf-8")
    settings = json.loads(re.search(r"SETUP = (\[.*?\])", script)[1])
    lesson = directives.lesson_of(page)
    assert lesson.laboratory and lesson.laboratory.keys() <= set(settings) == set(runs.AT_FIRST)
    assert directives.laboratory_address(lesson).startswith("../twin/index.html?")


# ---- what a question refuses
def number(right, *hints):
    return Number(name="n", text="", because="", right=right, unit="s", low="l", high="h", hints=hints)


def nowhere():
    return Way(name="w", text="", because="", page="p", targets=((),), wanted=(Wanted(frozenset({1}), "h"),))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Choice(name="c", text="", because="", options=(Option("a", True), Option("b", True))), "exactly one"),
        (
            lambda: Choice(name="c", text="", because="", options=(Option("a", True), Option("b", False))),
            "needs a hint",
        ),
        (lambda: number(5, (5.4, "near")), "cannot be told"),
        (lambda: number(5, (9, "one"), (9.9, "near")), "cannot be told"),
        (lambda: Matching(name="m", text="", because="", options=("a",), rows={"r": ("b", "h")}), "no option"),
        (
            lambda: Way(
                name="w", text="", because="", page="p", targets=((),), wanted=(Wanted(frozenset({1}), "h"),)
            ).shortest(),
            "no way",
        ),
    ],
)
def test_a_question_that_cannot_be_judged_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_texts_stay_texts():
    hostile = "</script><b onclick=x>"
    one = Choice(name="c", text="", because="", options=(Option(hostile, True), Option("b", False, hostile)))
    assert isinstance(one, Question)
    page = forms.form(one)
    assert hostile not in page and page.count("</script>") == 1


def test_the_key_of_a_picture_has_the_mark_of_a_status_and_pieces_of_lines():
    keys = (Key("Stopped", "var(--rest)", "mark"), Key("quota", "var(--ink)", "dashed"))
    page = forms.picture(Drawing("A run", "<svg/>", "<svg/>", keys))
    assert f"<span>{mark_svg('Stopped')}Stopped</span>" in page
    assert '<span><i class="dashed" style="--of: var(--ink)"></i>quota</span>' in page
