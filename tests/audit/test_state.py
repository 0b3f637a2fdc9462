"""The auditor's books: a copy shares nothing that changes."""

from hptsim.audit.state import TuningBook


def test_a_copy_of_a_tuning_book_is_independent():
    book = TuningBook("a", 1, 1)
    twin = book.copy()
    twin.live["a-001"] = None
    twin.held["ml.m5.xlarge"] = 1
    twin.counters["Completed"] += 1
    assert book.live == book.held == {} and book.counters["Completed"] == 0
