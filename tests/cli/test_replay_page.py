"""The page of a replay: the figures of the jobs in sentences, pictures with dates, teams in a table, what was left out."""

import re

import pytest

from hptsim.cli import tables
from hptsim.cli.replay_answer import Answer
from hptsim.cli.replay_page import page, report
from hptsim.planning.one_history import ONE_HISTORY
from hptsim.planning.streamed import Streamed
from hptsim.views.course import Course

pytest.importorskip("matplotlib", reason="pictures: pip install 'hptsim[plots]'")
pytest.importorskip("jinja2", reason="pages: pip install 'hptsim[plots]'")
NOW_S = 1.7957e9
MAPPING = "submit=at,duration=run,size=gpus,name=job,team=team"
TABLE = """job,at,run,gpus,team
a,{0},100,2,vision
b,{20},100,1,speech
c,{50},10,1,<b>
free,{60},30,0,vision
huge,{60},30,9,vision
later,{1000},100,2,vision
never,{1000},,1,vision
"""


def read(tmp_path, dates=False, capacity=None, **more):
    def at(found):
        return f"2023-06-01T00:{int(found[1]) // 60:02}:{int(found[1]) % 60:02}Z" if dates else found[1]

    path = tmp_path / "jobs.csv"
    path.write_text(re.sub(r"\{(\d+)\}", at, TABLE))
    quota = {"gpu": 2} if capacity is None else capacity
    brought = tables.workload(path, MAPPING, True, quota, **more)
    course = Course(quota)
    run = Streamed(brought.scenario, readers=[course.read])
    run.sim.run()
    return Answer(run, brought, 60.0), course


@pytest.fixture
def no_pictures(monkeypatch):
    monkeypatch.setattr("hptsim.cli.replay_page._pictures", lambda *_: iter(()))


def test_every_sentence_is_what_the_jobs_did(tmp_path, no_pictures):
    """Two GPUs: a has both until 100, then b and c begin (waited 80 and 50), later begins at once; huge never fits."""
    said = report(*read(tmp_path, price={"gpu": 3.6}), NOW_S)
    assert said.question == "How long would 5 jobs have waited with gpu = 2, fifo?"
    assert [line.text for line in said.answer] == [
        "The 4 of 5 that have trained would have waited 32 s on average: "
        "half of them at most 25 s, 95 % at most 75 s, the longest 80 s.",
        "25.0% of them would have waited for more than 60 s.",
    ]
    assert said.sure[0] == ONE_HISTORY and "the same table under the same quota gives the same figures" in said.sure[1]
    assert said.costs == [
        "0.51 US dollars for the training of all jobs that were not refused and are in the figures. "
        "What the others would have cost is not in it."
    ]
    read_by, refused, unserved = said.left_out[1], said.left_out[-2], said.left_out[-1]
    assert said.left_out[0] == "jobs: 6 taken, 1 left out: 1 × run: empty." and read_by.startswith("Read by mapping")
    assert said.left_out[2].startswith("1 of them want nothing that is limited") and refused.startswith("Refused: 1 × ")
    assert unserved == "20.00% of the jobs were refused or never trained: they are in no waiting time."
    assert said.footer[0].endswith("on 2026-11-26.") and said.footer[1].endswith("The price of gpu is your own.")


def test_without_a_price_or_a_wait_it_says_so(tmp_path, no_pictures):
    said = report(*read(tmp_path, capacity={"gpu": 20}), NOW_S)
    assert said.costs == ["The cost is not known: some instances of these jobs have no price (--price says it)."]
    assert said.left_out[-1] == "Of the jobs in the figures none was refused, and each has trained."
    none = report(*read(tmp_path, capacity={"gpu": 0}), NOW_S)
    assert [line.text for line in none.answer] == ["No job has trained, so that there are no waiting times."]


@pytest.mark.parametrize(
    ("capacity", "words"),
    [({"*": 2}, "each kind = 2, fifo"), ({"gpu": 2, "*": 4}, "gpu = 2, each other kind = 4, fifo")],
)
def test_a_quota_of_each_kind_is_called_so(capacity, words, tmp_path, no_pictures):
    answer, course = read(tmp_path, capacity=capacity)
    assert report(answer, course, NOW_S).question.endswith(f" jobs have waited with {words}?")


def test_one_job_is_it_and_not_they(tmp_path, no_pictures):
    def waits(table):
        (tmp_path / "few.csv").write_text(table)
        brought = tables.workload(tmp_path / "few.csv", None, False, {"gpu": 2}, price={"gpu": 3.6})
        run = Streamed(brought.scenario)
        run.sim.run()
        said = report(Answer(run, brought, 60.0), Course({"gpu": 2}), NOW_S)
        return said.question, [line.text for line in said.answer], said.costs

    question, lines, costs = waits("job,submit,duration,size\na,0,100,1\n")
    assert question == "How long would 1 job have waited with gpu = 2, fifo?"
    assert lines == ["It would have waited 0 s."]
    assert costs == ["0.10 US dollars for the training of all jobs that were not refused and are in the figures."]
    _, lines, _ = waits("job,submit,duration,size\na,0,100,1\nb,0,100,9\n")
    assert lines == ["The one of 2 that has trained would have waited 0 s."]


def test_teams_have_a_table(tmp_path, no_pictures):
    said = report(*read(tmp_path), NOW_S)
    assert [table.caption for table in said.tables] == ["In short", "By team", "Figures"]
    waits = {row[0].text: row[2].value for row in said.tables[1].rows}
    assert waits == {"<b>": 50.0, "speech": 80.0, "vision": 0.0}
    named = {row[0].text: row[2].value for row in said.tables[2].rows}
    assert named["waiting_time_s.mean"] == pytest.approx(130 / 4)


@pytest.mark.long
def test_the_pictures_have_dates_where_the_table_has_them(tmp_path):
    answer, course = read(tmp_path, dates=True)
    text = page(answer, course, NOW_S)
    assert text.count("<figure>") == 3 and ">date (UTC)</text>" in text and "2023-Jun-01" in text
    assert "&lt;b&gt;" in text and "<b>" not in text


@pytest.mark.long
def test_without_dates_there_is_the_time_since_the_beginning(tmp_path):
    text = page(*read(tmp_path), NOW_S)
    assert ">simulated time (min)</text>" in text and "date (UTC)" not in text and len(text) < 400_000
