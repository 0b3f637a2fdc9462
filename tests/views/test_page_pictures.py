"""The pictures of an experiment's page show the numbers of its table, and the run that the table's first row is about."""

import json
import re

import attrs
import numpy as np
import pandas as pd
import pytest
from experiments_made_up import figures, history, swept, three

from hptsim import Scenario, TuningJobSpec, planning
from hptsim.model.assumptions import Assumptions
from hptsim.planning.answers import Answer
from hptsim.planning.one_history import HistoryAnswer, HistoryTarget
from hptsim.planning.reduction import Reduction
from hptsim.planning.results import Results
from hptsim.scenario.cloud import Timings
from hptsim.scenario.resampling import Resampling
from hptsim.scenario.workload import Recorded, ScheduledTuningJob
from hptsim.views import page_pictures
from hptsim.views.choice import Choice

pytest.importorskip("matplotlib", reason="pictures: pip install 'hptsim[plots]'")
DAY_S = 86400.0
QUIET, BUSY = [3600.0 * n for n in range(3)], [DAY_S + 60.0 * n for n in range(9)]
HISTORY = Scenario(
    "two days",
    capacity={"ml.m5.xlarge": 1},
    timings=Timings.instant(),
    assumptions=Assumptions(admission="queue"),
    tuning_jobs=[
        ScheduledTuningJob(TuningJobSpec(f"j{at_s:.0f}"), at_s, recorded=[Recorded(900.0)]) for at_s in (*QUIET, *BUSY)
    ],
    epoch="2023-06-01T00:00:00Z",
)


def drawn(scenario, answer, shown=("waiting_time_s.p95",), setup=None):
    setup = setup or page_pictures.Setup()
    return {one.caption: one for one in page_pictures.pictures(scenario, answer, Choice.of(answer), shown, setup)}


def test_with_variance_reduction_the_pictures_are_of_a_plain_replication():
    reduction = Reduction("waiting_time_s.mean", "controls", 10, 3, 0, 9.0)
    table = pd.DataFrame({"replication": [10, 11, 12], "waiting_time_s.mean": [1.0, 3.0, 2.0]})
    captions = drawn(HISTORY, Answer(Results(table, reduction=reduction), 0.95))
    assert captions and all(caption.endswith(" in a plain replication") for caption in captions)


@pytest.mark.long
def test_the_waiting_picture_is_of_the_days_that_were_drawn():
    """With other days in each replication, the picture is of the first replication's days, and not of the recorded ones."""
    how, counts = Resampling("days"), set()
    for seed in range(4):
        found = planning.replicate(HISTORY, 2, seed, resample=how)
        pictures = drawn(HISTORY, Answer(found, 0.95), setup=page_pictures.Setup(seed, resample=how))
        [caption] = [one for one in pictures if one.startswith("Waiting of")]
        count, p95 = found.table["waiting_time_s.count"][0], found.table["waiting_time_s.p95"][0]
        assert caption == f"Waiting of {count:.0f} tuning jobs in the first replication"
        assert f"95% within {p95:,.0f} s" in [key.words for key in pictures[caption].keys]
        counts.add(count)
    assert len(counts) > 1, "some seeds draw other days than those that were recorded"


@pytest.mark.long
def test_dates_are_shown_where_the_days_are_those_that_were_recorded():
    found = planning.replicate(HISTORY, 1)
    pictures = drawn(HISTORY, HistoryAnswer(found, 0.95))
    assert ">date (UTC)</text>" in pictures["Requests that wait for quota"].wide
    assert "Jun" in pictures["Instances reserved and occupied"].wide
    resampled = planning.replicate(HISTORY, 2, resample="days")
    setup = page_pictures.Setup(resample=Resampling("days"))
    other = drawn(HISTORY, Answer(resampled, 0.95), setup=setup)
    assert ">simulated time (h)</text>" in other["Requests that wait for quota in the first replication"].wide, (
        "drawn days have no dates"
    )


def test_the_warm_up_does_not_count_in_the_picture_either():
    found = planning.replicate(HISTORY, 1, warm_up_s=DAY_S)
    pictures = drawn(HISTORY, HistoryAnswer(found, 0.95), setup=page_pictures.Setup(warm_up_s=DAY_S))
    assert f"Waiting of {len(BUSY)} tuning jobs" in pictures


@pytest.mark.long
def test_the_run_ends_when_the_replications_do_and_who_has_not_trained_is_counted():
    found = planning.replicate(HISTORY, 1, until_s=DAY_S + 1000.0)
    pictures = drawn(HISTORY, HistoryAnswer(found, 0.95), setup=page_pictures.Setup(until_s=DAY_S + 1000.0))
    assert "Waiting of 5 tuning jobs; the 7 others have not trained" in pictures


@pytest.mark.long
def test_it_looks_at_the_design_that_was_chosen_and_draws_the_target():
    found = planning.sweep(HISTORY, {"capacity.ml.m5.xlarge": [1, 9]}, 1)
    answer = HistoryAnswer(found, 0.95, HistoryTarget.parse("waiting_time_s.p95 <= 600"))
    pictures = drawn(HISTORY, answer, ("waiting_time_s.p95", "cost_usd"))
    run = pictures["Waiting of 12 tuning jobs with capacity.ml.m5.xlarge = 9"]
    assert {"95% within 0 s", "target: 600 s"} <= {key.words for key in run.keys}
    [decision] = [
        one
        for caption, one in pictures.items()
        if caption.startswith("waiting of tuning jobs, 95 % quantile (s): one run")
    ]
    assert {"✗ missed", "✓ met", "target: 600", "chosen: 9"} == {key.words for key in decision.keys}
    assert "quota of ml.m5.xlarge (instances)</text>" in decision.wide
    [cost] = [one for caption, one in pictures.items() if caption.startswith("cost (US dollars)")]
    assert {key.words for key in cost.keys} == {"chosen: 9"}


def captions(answer, monkeypatch, shown):
    monkeypatch.setattr(page_pictures, "_of_one_run", lambda *_: iter(()))
    return list(drawn(Scenario(), answer, shown))


@pytest.mark.long
def test_what_a_caption_says_of_intervals_and_axes_is_so(monkeypatch):
    flat, cost, against = captions(three(), monkeypatch, ("waiting_time_s.p95", "cost_usd"))
    assert (
        flat.endswith(": mean over 4 replications, 95% intervals")
        and cost == "cost (US dollars): mean over 4 replications"
    )
    assert against.startswith("waiting of tuning jobs, 95 % quantile (s) against cost: gray designs are dominated")
    steep = swept({2: [figures(90000.0)], 4: [figures(500.0)]})
    assert captions(steep, monkeypatch, ("waiting_time_s.p95",)) == [
        "waiting of tuning jobs, 95 % quantile (s): one run of each, logarithmic axis"
    ]


def test_designs_that_turn_too_many_away_are_out_of_the_question(monkeypatch):
    """The cheap one serves eight of ten: it dominates nobody, and is no bargain; by the target's bound it may be one."""
    monkeypatch.setattr(page_pictures, "_of_one_run", lambda *_: iter(()))
    points = {2: figures(100.0, 10.0, 0.2), 4: figures(200.0, 20.0), 6: figures(150.0, 30.0)}
    answer = history(points)
    [(caption, one)] = [(name, one) for name, one in drawn(Scenario(), answer).items() if "against" in name]
    assert caption.endswith("; gray squares leave more than 0% refused or untrained")
    assert {key.words for key in one.keys} == {"not dominated", "leaves too many unserved", "chosen: 4", "target: 600"}
    allowed = attrs.evolve(answer, target=attrs.evolve(answer.target, unserved=0.5))
    [(caption, one)] = [(name, one) for name, one in drawn(Scenario(), allowed).items() if "against" in name]
    assert caption.endswith("gray designs are dominated, another one is not worse in either and better in one")
    assert {key.words for key in one.keys} == {"not dominated", "dominated by another", "chosen: 2", "target: 600"}


def test_dominated_designs_are_those_of_the_frontier(monkeypatch):
    monkeypatch.setattr(page_pictures, "_of_one_run", lambda *_: iter(()))
    answer = history({2: figures(900.0, 10.0), 4: figures(950.0, 20.0), 6: figures(100.0, 30.0)})
    [one] = [one for caption, one in drawn(Scenario(), answer).items() if "against" in caption]
    assert {key.words for key in one.keys} == {"not dominated", "dominated by another", "chosen: 6", "target: 600"}
    assert one.wide.count("var(--rest)") > 0


def test_groups_are_compared_in_one_picture(monkeypatch):
    monkeypatch.setattr(page_pictures, "_of_one_run", lambda *_: iter(()))
    teams = {f"waiting_time_s.p95[team={team}]": value for team, value in (("vision", 50.0), ("speech", 70.0))}
    answer = swept({2: [figures(60.0, **teams)]})
    [one] = [one for caption, one in drawn(Scenario(), answer).items() if ", by team with capacity.gpu = 2" in caption]
    words = re.findall(r">([a-z]+)</text>", one.wide)
    assert words.index("speech") < words.index("vision") and "team" in words


def test_positions_in_the_drawing_are_those_of_the_numbers():
    """Read from the page: the points of a plain axis lie as far apart as their means do."""
    answer = swept({2: [figures(300.0)], 4: [figures(500.0)], 6: [figures(700.0)]}, None)
    pictures = page_pictures.pictures(Scenario(), answer, Choice(None), ("waiting_time_s.p95",), page_pictures.Setup())
    text = next(pictures).wide
    line = re.search(r'<path d="([^"]+)"[^>]*style="fill: none; stroke: var\(--work\)', text)[1]
    points = np.array([json.loads(f"[{x}, {y}]") for x, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", line)])
    assert len(points) == 3
    assert np.diff(points[:, 0]) == pytest.approx(np.diff(points[:, 0])[0]) and (np.diff(points[:, 1]) < 0).all(), (
        "up is more"
    )
    assert np.diff(points[:, 1]) == pytest.approx(np.diff(points[:, 1])[0], rel=1e-4)
