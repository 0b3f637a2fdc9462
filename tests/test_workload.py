"""Arrivals: as many as asked, as often as asked, and nobody disturbs anybody."""

import pytest
from scipy import stats

from hptsim import Scenario, TuningJobSpec
from hptsim.durations import Exponential
from hptsim.errors import InvalidInput
from hptsim.scenario import ScheduledTuningJob
from hptsim.workload import Arrivals, scheduled


def test_exponential_gaps_are_a_poisson_process():
    times = [job.at_s for job in Arrivals(TuningJobSpec("p"), Exponential(50.0), 2000).jobs(seed=1)]
    gaps = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
    assert stats.kstest(gaps, "expon", args=(0, 50)).pvalue > 0.01


def test_a_stream_is_a_function_of_seed_and_name():
    one, two = Arrivals(TuningJobSpec("a"), Exponential(50.0), 40), Arrivals(TuningJobSpec("b"), Exponential(50.0), 40)
    alone = scheduled(Scenario(), [one], 3).tuning_jobs
    mixed = scheduled(Scenario(), [two, one], 3).tuning_jobs
    assert [job for job in mixed if job.spec.name.startswith("a")] == list(alone)
    assert [job.at_s for job in alone] != [job.at_s for job in scheduled(Scenario(), [one], 4).tuning_jobs]
    assert [job.at_s for job in mixed] == sorted(job.at_s for job in mixed) and len(mixed) == 80


def test_batches_come_together_and_what_was_there_stays():
    entry = ScheduledTuningJob(TuningJobSpec("mine"), 15.0)
    jobs = scheduled(
        Scenario(tuning_jobs=(entry,)), [Arrivals(TuningJobSpec("b"), 10, 5, start_s=1, batch=2)], 0
    ).tuning_jobs
    assert [(job.spec.name, job.at_s) for job in jobs] == [
        ("b-1", 11),
        ("b-2", 11),
        ("mine", 15),
        ("b-3", 21),
        ("b-4", 21),
        ("b-5", 31),
    ]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InvalidInput, match="interarrival_s: got -1"):
        Arrivals(TuningJobSpec("a"), -1, 1)
    with pytest.raises(InvalidInput, match=r"template: got 'a{31}'"):
        Arrivals(TuningJobSpec("a" * 31), 1, 10)
