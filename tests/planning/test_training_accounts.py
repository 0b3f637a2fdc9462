"""One training job by hand: what is billed of it, in seconds and in dollars, and what it loses."""

import pytest

from hptsim.planning.levels import Holder
from hptsim.planning.training_accounts import TrainingAccount
from hptsim.planning.usage import Usage
from hptsim.scenario.prices import Prices

M5 = "ml.m5.xlarge"
PRICES = Prices("2025-01", "us-east-1", "a page", {M5: 3.6})


def account(running):
    job = TrainingAccount(Holder(Usage()), None, False, "Starting", 0.0, 0.0, 0.0)
    job.running = running
    return job


def course(job, *states, begin_s=0.0, epoch_s=0.0):
    """What is billable of it, by type, when it comes into each state at its time."""
    billable = {}
    for state, now in states:
        job.wait(now, begin_s, billable)
        job.enter(state, now, epoch_s)
    return billable


COURSE = (("Downloading", 10.0), ("Training", 20.5), ("Uploading", 120.0), ("Completed", 125.25))


def test_it_is_billable_from_downloading_to_the_end_of_the_upload():
    job = account({M5: 2})
    assert course(job, *COURSE) == {M5: 2 * 115.25}
    assert job.holder.usage.billable_instance_s == 2 * 115.25


@pytest.mark.parametrize(("begin_s", "counted_s"), [(5.0, 115.25), (10.0, 115.25), (30.0, 95.25), (500.0, 0.0)])
def test_of_the_account_only_what_passes_after_the_warm_up_counts(begin_s, counted_s):
    job = account({M5: 2})
    assert course(job, *COURSE, begin_s=begin_s) == {M5: 2 * counted_s}
    assert job.holder.usage.billable_instance_s == 2 * 115.25


def test_it_is_paid_for_in_whole_seconds_of_the_clock():
    job = account({M5: 2})
    course(job, *COURSE, epoch_s=0.8)  # from 10.8 to 126.05, shown as 10 and 126
    job.bill(PRICES)
    assert job.holder.usage.billed_instance_s == pytest.approx(2 * 116)
    assert job.holder.usage.cost_usd == pytest.approx(2 * 116 * 3.6 / 3600)


def test_what_was_never_billed_costs_nothing_and_the_shortest_time_a_second():
    never, short = account({M5: 1}), account({M5: 1})
    course(never, ("Failed", 50.0))
    course(short, ("Downloading", 1.0), ("Failed", 1.0))
    for job in (never, short):
        job.bill(PRICES)
    assert (never.holder.usage.billed_instance_s, short.holder.usage.billed_instance_s) == (0, 1)


def test_an_unknown_price_leaves_the_cost_unknown():
    job = account({"ml.unheard-of": 1})
    course(job, *COURSE)
    job.bill(PRICES)
    assert job.holder.usage.billed_instance_s == 115 and job.holder.usage.cost_usd is None


def test_another_attempt_loses_what_was_trained_since_the_last_checkpoint():
    job = account({M5: 2})
    course(job, ("Downloading", 10.0), ("Training", 20.0))
    job.lose(50.0, "checkpoint", "Training")
    course(job, ("Training", 50.0))
    job.lose(57.0, "interrupt", "Interrupted")
    assert job.holder.usage.lost_instance_s == 2 * 7
    course(job, ("Interrupted", 57.0), ("Starting", 60.0), ("Downloading", 70.0), ("Training", 80.0))
    job.lose(81.0, "algorithm_error", "Failed")
    assert job.holder.usage.lost_instance_s == 2 * 7
