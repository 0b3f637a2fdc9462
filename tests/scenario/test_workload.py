"""Arrivals: as many as asked, as often as asked, and nobody disturbs anybody."""

import attrs
import pytest
from extras import SCIPY, long, stats

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.request_writer import to_request
from hptsim.scenario.arrival_patterns import Profile, Times
from hptsim.scenario.durations import Empirical, Exponential
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

DAY_S, WEEK_S = 86400, 7 * 86400
SPEC = TuningJobSpec("a")


def times(arrivals, seed=0, epoch="2024-01-01T00:00:00Z"):
    return [job.at_s for job in arrivals.jobs(seed, epoch)]


def gaps(found):
    return [later - earlier for earlier, later in zip([0.0, *found], found, strict=False)]


@SCIPY
def test_exponential_gaps_are_a_poisson_process():
    found = gaps(times(Arrivals(TuningJobSpec("p"), Exponential(50.0), 2000), seed=1))
    assert stats.kstest(found, "expon", args=(0, 50)).pvalue > 0.01


@SCIPY
def test_a_clock_and_observed_gaps():
    assert times(Arrivals(SPEC, 10, 3, start_s=5)) == [15, 25, 35]
    found = gaps(times(Arrivals(SPEC, Empirical((2, 3, 3, 8)), 4000)))
    counts = [found.count(2), found.count(3), found.count(8)]
    assert sum(counts) == 4000 and stats.chisquare(counts, [1000, 2000, 1000]).pvalue > 0.01


@SCIPY
def test_until_ends_them_and_count_too():
    assert times(Arrivals(SPEC, 10, until_s=30)) == [10, 20, 30]
    assert times(Arrivals(SPEC, 10, 2, until_s=30)) == [10, 20]
    assert times(Arrivals(SPEC, 10, 5, until_s=30)) == [10, 20, 30]
    counts = [len(times(Arrivals(SPEC, Exponential(50.0), until_s=1000), seed)) for seed in range(400)]
    assert stats.poisson.ppf(0.005, 8000) <= sum(counts) <= stats.poisson.ppf(0.995, 8000)  # with 99 % confidence


@pytest.mark.parametrize(("hours", "epoch"), [(24, "2024-01-01T00:00:00Z"), (168, "2024-01-03T07:30:00+02:00")])
@SCIPY
def test_a_profile_has_its_rate_in_every_hour(hours, epoch):
    """Counts by hour of the clock over 20 weeks: chi-square against the profile, which fails 1 time in 100 if all is well."""
    rates = [0.0 if hour % 24 < 6 else 1.0 + hour % 7 for hour in range(hours)]
    begin_s = 0 if epoch.endswith("Z") else 2 * DAY_S + 7.5 * 3600  # a Wednesday, half past seven
    found = times(Arrivals(SPEC, Profile(rates), until_s=20 * WEEK_S), 3, epoch)
    counts = [0] * hours
    for time_s in found:
        counts[int((time_s + begin_s) // 3600) % hours] += 1
    assert all(count == 0 for count, rate in zip(counts, rates, strict=True) if rate == 0)
    seen = [count for count, rate in zip(counts, rates, strict=True) if rate]
    expected = [20 * 168 / hours * rate for rate in rates if rate]
    assert sum((a - b) ** 2 / b for a, b in zip(seen, expected, strict=True)) <= stats.chi2.ppf(0.99, len(seen))
    assert found == sorted(found)


@SCIPY
def test_within_its_hour_a_profile_is_a_poisson_process():
    found = times(Arrivals(SPEC, Profile([0] * 23 + [40]), until_s=8 * WEEK_S), seed=5)
    assert stats.kstest([time_s % DAY_S for time_s in found], "uniform", args=(23 * 3600, 3600)).pvalue > 0.01
    days = [sum(time_s // DAY_S == day for time_s in found) for day in range(56)]
    dispersion = sum((count - 40) ** 2 / 40 for count in days)
    assert stats.chi2.ppf(0.005, 56) <= dispersion <= stats.chi2.ppf(0.995, 56)


def test_given_times_are_taken():
    assert times(Arrivals(SPEC, Times([30, 0, 10]), start_s=100)) == [100, 110, 130]
    assert times(Arrivals(SPEC, Times([30, 0, 10]), 2)) == [0, 10]


def test_bursts_come_at_once_or_spread():
    assert times(Arrivals(SPEC, 100, 5, batch=3)) == [100, 100, 100, 200, 200]
    assert times(Arrivals(SPEC, 100, 4, batch=3, batch_gap_s=7)) == [100, 107, 114, 200]
    assert times(Arrivals(SPEC, 100, until_s=205, batch=3, batch_gap_s=7)) == [100, 107, 114, 200], "the last is cut"
    assert times(Arrivals(SPEC, 10, 6, batch=3, batch_gap_s=8)) == [10, 18, 20, 26, 28, 36], "bursts may overlap"


@SCIPY
def test_a_mix_has_its_weights():
    templates = [TuningJobSpec("a"), TuningJobSpec("b"), TuningJobSpec("never")]
    jobs = Arrivals(templates, 10, 3000, weights=[1, 2, 0]).jobs(seed=2)
    drawn = [job.spec.name.partition("-")[0] for job in jobs]
    counts = [drawn.count("a"), drawn.count("b")]
    assert sum(counts) == 3000 and stats.chisquare(counts, [1000, 2000]).pvalue > 0.01
    assert len({job.spec.name for job in jobs}) == 3000


@SCIPY
def test_what_comes_does_not_depend_on_how_long_it_took_to_come():
    jobs = Arrivals([TuningJobSpec("a"), TuningJobSpec("b")], Exponential(50.0), 2000).jobs(seed=6)
    waits = {"a": [], "b": []}
    for job, gap in zip(jobs, gaps([one.at_s for one in jobs]), strict=True):
        waits[job.spec.name[0]].append(gap)
    assert stats.ks_2samp(waits["a"], waits["b"]).pvalue > 0.01


@pytest.mark.long
@pytest.mark.parametrize(
    ("arrivals", "rate"),
    [
        (Arrivals(SPEC, Exponential(1800), 1), 2),
        long(Arrivals(SPEC, 600, 1, batch=2), 12),
        long(Arrivals(SPEC, Empirical((100, 200)), 1), 24),
        (Arrivals(SPEC, Profile([3] * 12 + [5] * 12), 1), 4),
        (Arrivals(SPEC, Times([1800, 3600])), 2),
        pytest.param(stats and Arrivals(SPEC, stats.gamma(2, scale=900), 1), 2, marks=SCIPY),
    ],
    ids=lambda value: type(value.interarrival_s).__name__ if isinstance(value, Arrivals) else str(value),
)
def test_each_says_its_mean_rate(arrivals, rate):
    assert arrivals.per_hour == pytest.approx(rate)
    endless = attrs.evolve(arrivals, template=arrivals.templates, count=None, until_s=40 * WEEK_S)
    if not isinstance(arrivals.interarrival_s, Times):
        seen = len(endless.jobs(0)) / (40 * 168)
        assert seen == pytest.approx(rate, rel=0.05)  # at least 13,440 of them: 0.05 is 4 standard deviations and more


def test_a_template_may_be_a_request_of_the_service():
    assert Arrivals(to_request(SPEC), 10, 3).templates == (SPEC,)
    request = {**to_request(SPEC), "Tags": [{"Key": "team", "Value": "x"}]}
    jobs = Arrivals(request, 10, 2).jobs(0)
    assert [job.spec.request["HyperParameterTuningJobName"] for job in jobs] == ["a-1", "a-2"]


def test_a_stream_is_a_function_of_seed_and_name():
    one, two = Arrivals(TuningJobSpec("a"), Exponential(50.0), 40), Arrivals(TuningJobSpec("b"), Exponential(50.0), 40)
    alone = Scenario(arrivals=[one]).drawn(3).tuning_jobs
    mixed = Scenario(arrivals=[two, one]).drawn(3).tuning_jobs
    assert [job for job in mixed if job.spec.name.startswith("a")] == list(alone)
    assert [job.at_s for job in alone] != [job.at_s for job in Scenario(arrivals=[one]).drawn(4).tuning_jobs]
    assert [job.at_s for job in mixed] == sorted(job.at_s for job in mixed) and len(mixed) == 80


def test_batches_come_together_and_what_was_there_stays():
    entry = ScheduledTuningJob(TuningJobSpec("mine"), 15.0)
    jobs = Scenario(tuning_jobs=[entry], arrivals=[Arrivals(TuningJobSpec("b"), 10, 5, start_s=1, batch=2)]).drawn()
    assert [(job.spec.name, job.at_s) for job in jobs.tuning_jobs] == [
        ("b-1", 11),
        ("b-2", 11),
        ("mine", 15),
        ("b-3", 21),
        ("b-4", 21),
        ("b-5", 31),
    ]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Arrivals(SPEC, -1, 1), "interarrival_s: got -1"),
        (lambda: Arrivals(SPEC, 1), "count: got None, expected .*until_s"),
        (lambda: Arrivals(SPEC, 0, until_s=9), "interarrival_s: got 0, expected a mean above 0"),
        (lambda: Arrivals(TuningJobSpec("a" * 31), 1, 10), "template: got 'a{31}'"),
        (lambda: Arrivals(TuningJobSpec("a" * 30), 1, until_s=10).jobs(0), "template: got 'a{30}'.*29 characters"),
        (lambda: Arrivals([SPEC, SPEC], 1, 10), "template: got .*different names"),
        (lambda: Arrivals("nightly", 1, 10), "template: got 'n', expected a TuningJobSpec or a Create"),
        (lambda: Arrivals(None, 1, 10), "template: got None, expected a TuningJobSpec"),
        (lambda: Arrivals({"HyperParameterTuningJobName": "x"}, 1, 10), "HyperParameterTuningJobConfig: got nothing"),
        (lambda: Arrivals([], 1, 10), "template: got "),
        (lambda: Arrivals(SPEC, 1, 10, weights=[1, 2]), "weights: got 2, expected one for each of 1"),
        (lambda: Arrivals(SPEC, 1, 10, weights=[0]), "weights: got .*not all of them 0"),
        (lambda: Profile([1] * 23), "per_hour: got 23, expected 24 rates"),
        (lambda: Profile([0] * 24), "per_hour: got .*not all of them 0"),
        (lambda: Times([]), "times_s: got "),
        (lambda: Times([-1]), "times_s: got "),
        (lambda: Scenario(arrivals=[Arrivals(SPEC, 1, 10)] * 2), r"arrivals\[1\].request: got 'a'"),
    ],
)
def test_what_makes_no_sense_is_refused(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


@pytest.mark.parametrize(
    ("assumptions", "refused"), [(Assumptions(), 0), (Assumptions("upfront"), 0), (Assumptions(admission="reject"), 4)]
)
def test_who_arrives_waits_unless_the_scenario_says_otherwise(assumptions, refused):
    quota, arrivals = {"ml.m5.xlarge": 1}, [Arrivals(SPEC, 10, 5)]
    scenario = Scenario(capacity=quota, timings="instant", arrivals=arrivals, assumptions=assumptions)
    sim = Simulation(scenario)
    sim.run()
    assert sum(sim.metrics().refused.values()) == refused
    assert [sim.tuning_job(name).status for name in sim.tuning_jobs] == ["Completed"] * (5 - refused)
    assert Simulation(scenario.drawn(7)).scenario == Simulation(scenario, seed=7).scenario


def test_who_is_scheduled_is_refused_unless_the_scenario_says_otherwise():
    jobs = [ScheduledTuningJob(TuningJobSpec(name)) for name in "ab"]
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 1}, timings="instant", tuning_jobs=jobs))
    sim.run()
    assert sim.metrics().refused == {"ResourceLimitExceeded": 1}
