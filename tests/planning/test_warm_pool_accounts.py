"""Warm pools by hand: since when each keeps what, and what that costs."""

from hptsim.model.entries import Record
from hptsim.planning.usage import WarmPoolFigures
from hptsim.planning.warm_pool_accounts import WarmPoolAccounts
from hptsim.scenario.prices import Prices

M5 = "ml.m5.xlarge"
PRICES = Prices("2025-01", "us-east-1", "a page", {M5: 3.6})


def read(accounts, *entries):
    for time_s, name, trigger, source, destination in entries:
        accounts.read(Record(time_s, "warm_pool", name, trigger, source, destination, None))


def test_a_pool_is_billed_in_whole_seconds_from_the_end_of_its_job_to_its_own():
    accounts = WarmPoolAccounts(PRICES)
    read(accounts, (0.0, "a", "open", "new", "InUse"))
    accounts.job_ended("a", {M5: 2})
    read(accounts, (100.0, "a", "job_ended", "InUse", "Available"), (120.0, "a", "update", "Available", "Available"))
    assert accounts.figures == []
    read(accounts, (160.5, "a", "expire", "Available", "Terminated"))
    assert accounts.figures == [WarmPoolFigures("a", 60.5, 121.0, 2 * 60 * 3.6 / 3600)]


def test_what_is_still_kept_at_the_end_is_billed_up_to_there_and_what_nobody_keeps_is_not():
    accounts = WarmPoolAccounts(PRICES)
    read(accounts, *((0.0, name, "open", "new", "InUse") for name in "abc"))
    accounts.job_ended("a", {"ml.unheard-of": 1})
    accounts.job_ended("no-pool", {M5: 1})
    read(accounts, (10.0, "a", "job_ended", "InUse", "Available"), (20.0, "b", "job_ended", "InUse", "Terminated"))
    accounts.close(30.0)
    assert accounts.figures == [WarmPoolFigures("a", 20.0, 20.0, None)]
