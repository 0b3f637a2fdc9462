"""The fit of typical timings and the page that judges it: what they compute, and that what is checked in is current."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytest.importorskip("scipy", reason="scipy is not here")
sys.path.insert(0, str(ROOT / "benchmarks"))

import fit_timings  # noqa: E402
import numpy as np  # noqa: E402
import observed  # noqa: E402
import recorded_service  # noqa: E402
import twin_times  # noqa: E402
from scipy import stats  # noqa: E402

from hptsim.scenario import Timings  # noqa: E402

PRESENT = pytest.mark.skipif(not observed.DATA.is_dir(), reason="observations of the live service are not here")


@PRESENT
def test_the_fitted_timings_are_current():
    assert fit_timings.PATH.read_text(encoding="utf-8") == fit_timings.text(), "run: python benchmarks/fit_timings.py"


@PRESENT
@pytest.mark.long
def test_the_page_is_current():
    page = recorded_service.page(*recorded_service.gathered())
    assert recorded_service.PAGE.read_text(encoding="utf-8") == page, "run: python benchmarks/recorded_service.py"


def on_the_page(phase):
    """The twin's quantiles of a phase, as the page has them."""
    row = re.search(rf"^\| {re.escape(phase)} .*$", recorded_service.PAGE.read_text(encoding="utf-8"), re.MULTILINE)[0]
    return [int(cell.split("/")[0]) for cell in row.split("|") if "/" in cell]


@pytest.mark.long
def test_the_pages_figures_of_the_twin_are_the_twins():
    cpu = twin_times.phases(twin_times.NOW, "ml.m5.large")
    warm = twin_times.phases(twin_times.NOW, "ml.m5.large", tuned=True)
    for name, times in {
        "starting CPU": cpu["Starting"],
        "downloading": cpu["Downloading"],
        "uploading": cpu["Uploading"],
        "warm starting": warm["Starting"],
        "starting p4d": twin_times.phases(twin_times.NOW, "ml.p4d.24xlarge")["Starting"],
        "slot free to next TrainingStart": twin_times.slot_gaps(twin_times.NOW, "ml.m5.large"),
        "slot free to next TrainingStart, 2020": twin_times.slot_gaps(twin_times.OLD, "ml.m5.large"),
    }.items():
        assert on_the_page(name) == [round(np.quantile(times, share)) for share in recorded_service.QUANTILES], name


@pytest.mark.long
def test_what_the_twin_takes_in_a_phase_is_what_its_timings_say():
    """Nothing else is in it: quantiles of the draws against those of the distribution, within five standard errors."""
    timings = Timings.typical()
    cold, warm = (twin_times.phases(twin_times.NOW, "ml.m5.large", tuned=tuned) for tuned in (False, True))
    for times, duration in (
        (cold["Starting"], timings.starting_s.of("ml.m5.large")),
        (cold["Downloading"], timings.downloading_s),
        (warm["Starting"][1:], timings.warm_starting_s),
        (warm["Downloading"][1:], timings.warm_downloading_s),
    ):
        for share in recorded_service.QUANTILES:
            below = np.mean(np.array(times) <= duration.ppf(share))
            assert below == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / len(times)))


def test_a_fit_finds_the_distribution_that_censored_times_were_drawn_from():
    drawn = stats.fisk(4.0, scale=20.0).rvs(3000, random_state=1)
    sample = observed.Sample(tuple(drawn[drawn > 30]), ((0.0, 30.0),) * int(np.sum(drawn <= 30)))
    shape, scale, _ = fit_timings.fitted(stats.fisk, sample)
    assert scale == pytest.approx(20, rel=0.1) and shape == pytest.approx(4, rel=0.1)
    assert fit_timings.fit("few", observed.Sample((20.0, 25.0)), "", 4.0).shape == 4.0


def test_the_interval_of_a_median_is_between_order_statistics():
    """Of 10 values the second and the ninth, with 97.9 %; the extreme tenths of 10 values have open ends."""
    row = recorded_service.Phase("ten", observed.Sample(tuple(map(float, range(1, 11)))), [5.0])
    assert row.interval(0.5) == (2, 9)
    assert row.interval(0.1)[0] is None and row.interval(0.9)[1] is None
    censored = recorded_service.Phase(
        "ten", observed.Sample(tuple(map(float, range(31, 37))), ((0.0, 30.0),) * 4), [5.0]
    )
    assert censored.interval(0.5) == (0, 35)


def test_intervals_cover_the_quantile_as_often_as_they_say():
    rng = np.random.default_rng(1)
    true_s = stats.fisk(5, scale=60).ppf(0.5)
    hits = 0
    for _ in range(1000):
        times = tuple(stats.fisk(5, scale=60).rvs(16, random_state=rng))
        low, high = recorded_service.Phase("", observed.Sample(times), [1.0]).interval(0.5)
        hits += low <= true_s <= high
    assert hits >= 930


def run(slots, gap_s=15.0, jobs=range(1, 21), length_s=60.0):
    """A tuning job whose slots wait *gap_s* between two training jobs, of which *jobs* were recorded."""
    times = {o: ((o - 1) // slots * (length_s + gap_s) + (o - 1) % slots, 0.0) for o in jobs}
    times = {o: (start, start + length_s) for o, (start, _) in times.items()}
    return observed.Run("made-up", "2023-01-01", "ml.m5.large", False, False, slots, False, times)


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_slots_and_gaps_are_found_from_starts_and_ends(slots):
    recorded = run(slots)
    assert observed.parallelism(recorded.times_s) == slots
    assert set(observed.gaps(recorded)) == {15.0} and len(observed.gaps(recorded)) == 20 - slots


def test_no_gap_is_read_across_a_hole():
    full, holed = run(2), run(2, jobs=[o for o in range(1, 21) if o != 10])
    assert len(observed.gaps(holed)) < len(observed.gaps(full)) and set(observed.gaps(holed)) == {15.0}


LOG = """kind,phase,seconds,instance_type,spot,job,source,note
sdk-log,start→Downloading,100.0,ml.m5.large,False,2023-01-01 00:00:00a,one,
sdk-log,Downloading→Training,0.0,ml.m5.large,False,2023-01-01 00:00:00a,one,
sdk-log,start→Downloading,70.0,ml.p3.2xlarge,True,2023-01-02 00:00:00b,one,
sdk-log,Downloading→Training,25.0,ml.p3.2xlarge,True,2023-01-02 00:00:00b,one,
sdk-log,start→Downloading,70.0,ml.p3.2xlarge,True,2023-01-02 00:00:00c,the same in another notebook,
sdk-log,Downloading→Training,25.0,ml.p3.2xlarge,True,2023-01-02 00:00:00c,the same in another notebook,
"""


def test_two_changes_in_one_look_are_an_interval_and_a_job_counts_once(tmp_path, monkeypatch):
    (tmp_path / "timings.csv").write_text(LOG, encoding="utf-8")
    monkeypatch.setattr(observed, "DATA", tmp_path)
    jobs = observed.logged()
    assert [(job.cpu, job.gpu, job.spot) for job in jobs] == [(True, False, False), (False, True, True)]
    assert observed.starting(jobs) == observed.Sample((70.0,), ((70.0, 100.0),))
    assert observed.logged_phase(jobs, fit_timings.DOWNLOADING) == observed.Sample((25.0,), ((0.0, 30.0),))


def test_a_reproduced_run_takes_what_was_recorded_and_what_the_twin_adds():
    """With one slot the makespan is all training times and the twin's time between two of them."""
    recorded = run(1, jobs=range(1, 11))
    found = twin_times.reproduce(recorded)
    between_s = (found.makespan_s - 600) / 9
    assert between_s == pytest.approx(np.median(twin_times.slot_gaps(twin_times.NOW, "ml.m5.large")), rel=0.1)
    assert recorded_service.error(recorded, found) == pytest.approx(found.makespan_s / recorded.makespan_s - 1)
