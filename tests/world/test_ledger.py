"""The quota's books: what goes out comes back once, to whom it belongs, all or nothing, in the order asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim.errors import LawBroken
from hptsim.model.account import TOTAL, TUNING_JOBS
from hptsim.model.payloads import ReservationChange
from hptsim.world.ledger import Ledger, Reservation

M5, C5 = "ml.m5.xlarge", "ml.c5.xlarge"


def refuses(law, act, ledger):
    """*act* breaks *law* and leaves the books as they were."""
    before = ledger.freeze(), dict(ledger.reserved), dict(ledger.occupied), ledger.free(M5)
    with pytest.raises(LawBroken) as broken:
        act()
    assert broken.value.law == law
    assert (ledger.freeze(), dict(ledger.reserved), dict(ledger.occupied), ledger.free(M5)) == before


def test_reserve_occupy_vacate_release():
    ledger = Ledger({M5: 4})
    ledger.reserve("a", {M5: 3})
    ledger.occupy("a", {M5: 2})
    assert (ledger.reserved, ledger.occupied, ledger.free(M5)) == ({M5: 3}, {M5: 2}, 1)
    assert ledger.idle("a", {M5: 1}) and not ledger.idle("a", {M5: 2}) and not ledger.idle("b", {M5: 1})
    ledger.vacate("a", {M5: 2})
    ledger.release("a", {M5: 3})
    assert (ledger.reserved, ledger.occupied, ledger.free(M5)) == ({}, {}, 4)


def test_double_release():
    ledger = Ledger({M5: 4})
    ledger.reserve("a", {M5: 2})
    ledger.release("a", {M5: 2})
    refuses("released at the end, exactly once", lambda: ledger.release("a", {M5: 2}), ledger)


def test_over_release():
    ledger = Ledger({M5: 4})
    ledger.reserve("a", {M5: 2})
    refuses("released at the end, exactly once", lambda: ledger.release("a", {M5: 3}), ledger)


def test_foreign_release():
    ledger = Ledger({M5: 4})
    ledger.reserve("a", {M5: 2})
    ledger.reserve("b", {M5: 1})
    refuses("released at the end, exactly once", lambda: ledger.release("b", {M5: 2}), ledger)
    refuses("released at the end, exactly once", lambda: ledger.release("nobody", {M5: 1}), ledger)


def test_what_is_in_use_is_not_released():
    ledger = Ledger({M5: 4})
    ledger.reserve("a", {M5: 2})
    ledger.occupy("a", {M5: 1})
    refuses("occupancy within reservation", lambda: ledger.release("a", {M5: 2}), ledger)
    ledger.release("a", {M5: 1})
    assert ledger.reserved == ledger.occupied == {M5: 1}


def test_occupying_and_vacating_stay_within_what_is_held():
    ledger = Ledger({M5: 4})
    ledger.reserve("a", {M5: 2})
    ledger.reserve("b", {M5: 2})
    refuses("occupancy within reservation", lambda: ledger.occupy("a", {M5: 3}), ledger)
    ledger.occupy("a", {M5: 2})
    refuses("occupancy within reservation", lambda: ledger.occupy("a", {M5: 1}), ledger)
    refuses("occupancy within reservation", lambda: ledger.vacate("b", {M5: 1}), ledger)
    refuses("occupancy within reservation", lambda: ledger.vacate("a", {M5: 3}), ledger)


def test_several_pools_are_granted_all_or_nothing():
    ledger = Ledger({M5: 4, C5: 1})
    ledger.reserve("a", {C5: 1})
    assert not ledger.fits({M5: 2, C5: 1})
    refuses("quota never exceeded", lambda: ledger.reserve("b", {M5: 2, C5: 1}), ledger)
    refuses("released at the end, exactly once", lambda: ledger.release("a", {C5: 1, M5: 1}), ledger)
    refuses("occupancy within reservation", lambda: ledger.occupy("a", {C5: 1, M5: 1}), ledger)


def test_what_can_never_fit_is_known_at_once():
    ledger = Ledger({M5: 4, TOTAL: 5})
    ledger.reserve("a", {M5: 4})
    assert ledger.never_fits({M5: 4}) is None
    assert ledger.never_fits({M5: 5}) == M5
    assert ledger.never_fits({C5: 1000}) is None
    assert ledger.never_fits(ledger.counted({C5: 6})) == TOTAL


def test_a_pool_without_a_limit_is_endless_and_booked_all_the_same():
    ledger = Ledger({})
    ledger.reserve("a", {M5: 1000})
    assert (ledger.free(M5), ledger.reserved) == (None, {M5: 1000})
    ledger.release("a", {M5: 1000})


def test_the_total_counts_instances_and_not_tuning_jobs():
    ledger = Ledger({TOTAL: 5})
    assert ledger.counted({M5: 2, C5: 1, TUNING_JOBS: 1}) == {M5: 2, C5: 1, TUNING_JOBS: 1, TOTAL: 3}
    assert ledger.counted({TUNING_JOBS: 1}) == {TUNING_JOBS: 1}
    assert Ledger({}).counted({M5: 2}) == {M5: 2}


def test_a_reservation_tells_what_it_is_for_now():
    one = Reservation("a", 0, {M5: 2})
    assert one.told == ReservationChange("a", {M5: 2})
    one.change({C5: 1})
    assert one.amounts == {C5: 1} and one.told == ReservationChange("a", {C5: 1})


def line(ledger, *waiting):
    for name, amounts, priority in waiting:
        reservation = Reservation(name, 0, amounts, priority)
        ledger.join(reservation)


@pytest.mark.parametrize(
    ("discipline", "first"),
    [("fifo", None), ("priority", "urgent"), ("backfill", "small")],
    ids=lambda value: str(value),
)
def test_the_disciplines(discipline, first):
    ledger = Ledger({M5: 4})
    ledger.reserve("a", {M5: 2})
    line(ledger, ("big", {M5: 4}, 2), ("small", {M5: 1}, 3), ("urgent", {M5: 2}, 1))
    found = ledger.grantable(discipline)
    assert (found and found.holder) == first


def test_only_who_wants_the_same_limited_pool_is_barred():
    ledger = Ledger({M5: 1, C5: 1})
    ledger.reserve("a", {M5: 1})
    line(ledger, ("first", {M5: 1}, 0), ("mixed", {M5: 1, C5: 1}, 0), ("other", {C5: 1}, 0), ("free", {"ml.p3": 9}, 0))
    found = ledger.grantable("fifo")
    assert found is not None and found.holder == "free"  # "mixed" waits, and bars who wants its other pool
    assert ledger.leave(ledger.queue["mixed/0"])
    found = ledger.grantable("fifo")
    assert found is not None and found.holder == "other"


def test_a_withdrawn_request_blocks_no_other():
    ledger = Ledger({M5: 2})
    ledger.reserve("a", {M5: 1})
    line(ledger, ("big", {M5: 2}, 0), ("small", {M5: 1}, 0))
    assert ledger.grantable("fifo") is None
    assert ledger.leave(ledger.queue["big/0"])
    found = ledger.grantable("fifo")
    assert found is not None and found.name == "small/0"


def test_equal_priorities_keep_their_order():
    ledger = Ledger({M5: 1})
    line(ledger, ("b", {M5: 1}, 1), ("a", {M5: 1}, 1))
    assert [one.holder for one in ledger.first("priority")] == ["b"]
    assert ledger.leave(ledger.queue["b/0"])
    assert [one.holder for one in ledger.first("priority")] == ["a"]


def grantable_by_definition(ledger, discipline):
    """Everybody in line, one after the other, as the discipline is defined."""
    waiting = list(ledger.queue.values())
    if discipline == "priority":
        waiting.sort(key=lambda one: one.priority)
    barred = set()
    for one in waiting:
        limited = {pool for pool in one.amounts if pool in ledger.limit}
        if not barred & limited and ledger.fits(one.amounts):
            return one
        if discipline != "backfill":
            placed = ledger.fits({TUNING_JOBS: one.amounts.get(TUNING_JOBS, 0)})
            barred |= limited if placed else {TUNING_JOBS}
    return None


WISHES = st.sampled_from([{M5: 1}, {M5: 3}, {M5: 1, C5: 1}, {M5: 1, TUNING_JOBS: 1}, {"ml.p3.2xlarge": 9}])


@given(
    wishes=st.lists(st.tuples(WISHES, st.integers(0, 1)), min_size=3, max_size=10),
    leaving=st.lists(st.integers(0, 9), max_size=4),
    taken=st.fixed_dictionaries({M5: st.integers(1, 4), C5: st.integers(1, 2), TUNING_JOBS: st.integers(1, 2)}),
)
def test_looking_at_the_first_of_each_kind_grants_what_looking_at_everybody_would(wishes, leaving, taken):
    ledger = Ledger({M5: 4, C5: 2, TUNING_JOBS: 2})
    ledger.reserve("b", taken)
    for number, wish in enumerate(wishes):
        ledger.join(Reservation("a", number, *wish))
    for place in leaving:
        if place < len(ledger.queue):
            assert ledger.leave(list(ledger.queue.values())[place])
    for discipline in ("fifo", "priority", "backfill"):
        book = ledger.copy()
        while book.queue:
            found = book.grantable(discipline)
            assert found is grantable_by_definition(book, discipline)
            if found is None:
                break
            assert book.leave(found)
            book.reserve("a", found.amounts)
    assert {name for names in ledger.same_demand.values() for name in names} == set(ledger.queue)


AMOUNTS = st.dictionaries(st.sampled_from([M5, C5]), st.integers(1, 3), min_size=1)
MOVES = st.lists(
    st.tuples(st.sampled_from(["reserve", "release", "occupy", "vacate"]), st.sampled_from("ab"), AMOUNTS), max_size=40
)


@given(moves=MOVES)
def test_whatever_is_tried_the_books_balance_and_a_refusal_changes_nothing(moves):
    ledger = Ledger({M5: 4, C5: 3})
    held = {(job, pool): 0 for job in "ab" for pool in (M5, C5)}
    used = dict(held)
    for move, job, amounts in moves:
        before = ledger.freeze()
        try:
            getattr(ledger, move)(job, amounts)
        except LawBroken:
            assert ledger.freeze() == before
        else:
            book = held if move in ("reserve", "release") else used
            for pool, count in amounts.items():
                book[job, pool] += count if move in ("reserve", "occupy") else -count
        for pool in (M5, C5):
            assert ledger.reserved.get(pool, 0) == sum(held[job, pool] for job in "ab") <= ledger.limit[pool]
            assert ledger.occupied.get(pool, 0) == sum(used[job, pool] for job in "ab")
        assert all(0 <= used[key] <= held[key] for key in held)


def test_a_type_that_is_not_named_has_the_limit_of_the_others():
    ledger = Ledger({M5: 4, "*": 2, TOTAL: 9})
    assert [ledger.limit_of(pool) for pool in (M5, C5, TOTAL, TUNING_JOBS)] == [4, 2, 9, None]
    assert ledger.fits({C5: 2, TUNING_JOBS: 50}) and not ledger.fits({C5: 3}) and ledger.fits({M5: 4})
    assert ledger.never_fits({M5: 4, C5: 3, TUNING_JOBS: 50}) == C5
    ledger.reserve("a", {C5: 2})
    assert (ledger.free(C5), ledger.free("ml.g5.xlarge"), ledger.free(TUNING_JOBS)) == (0, 2, None)
    refuses("quota never exceeded", lambda: ledger.reserve("b", {C5: 1}), ledger)


def test_who_waits_for_a_type_that_is_not_named_blocks_those_behind():
    ledger = Ledger({"*": 2})
    ledger.reserve("a", {C5: 1})
    for name, wanted in (("b", {C5: 2}), ("c", {C5: 1}), ("d", {M5: 1})):
        ledger.join(Reservation(name, 0, wanted))
    assert ledger.grantable("fifo").holder == "d" and ledger.grantable("backfill").holder == "c"
