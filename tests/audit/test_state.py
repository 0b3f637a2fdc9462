"""The auditor's state: a copy shares nothing that changes."""

from hptsim.audit.state import KnownTuningJob


def test_a_copy_of_what_is_known_of_a_tuning_job_is_independent():
    book = KnownTuningJob("a")
    twin = book.copy()
    twin.live["a-001"] = None
    twin.held["ml.m5.xlarge"] = 1
    twin.counters["Completed"] += 1
    assert book.live == book.held == {} and book.counters["Completed"] == 0
