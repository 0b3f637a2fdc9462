"""The search between two answers: what it finds is what all orders of all rows find, and it stays small."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptsim.conformance.tuning_search import Shown, Terms, any_later, armed, created, fired, reached
from hptsim.model.tables import TUNING

STATUSES = ["InProgress", "Stopping", "Stopped", "Completed", "Failed"]


def every_order(starts, terms, most):
    """Every state that any order of any rows leads to, with at most *most* training jobs: the search without its economies."""
    seen, ahead = set(starts), list(starts)
    while ahead:
        state = ahead.pop()
        for trigger in armed(state, terms):
            for after in fired(state, trigger):
                if after not in seen and after.launched <= most:
                    seen.add(after)
                    ahead.append(after)
    return seen


SCOPES = [(1, 1, False), (3, 2, True), (3, 1, False), (6, 2, False)]
"""How many training jobs, how many of them at a time, and whether there are criteria and a longest runtime."""


@cache
def small(scope):
    most, parallel, criteria = scope
    return every_order(created(), Terms(most, parallel, criteria, criteria), most)


@given(
    st.sampled_from(SCOPES),
    st.sampled_from(STATUSES),
    st.lists(st.integers(0, 4), min_size=6, max_size=6),
)
def test_the_economical_search_finds_what_every_order_finds(scope, status, numbers):
    live, completed, retryable, non_retryable, stopped, succeeded = numbers
    ended = completed + retryable + non_retryable + stopped
    target = Shown(status, live, completed, retryable, non_retryable, stopped, succeeded, ended - succeeded, live)
    if live + ended > scope[0]:
        return
    terms = Terms(scope[0], scope[1], scope[2], scope[2])
    found = {state for state in reached(created(), terms, target) if state.shows == target}
    assert {state.state for state in found} == {state.state for state in small(scope) if state.shows == target}


@pytest.mark.long
def test_all_that_every_order_shows_is_found():
    for most, parallel, criteria in SCOPES:
        terms = Terms(most, parallel, criteria, criteria)
        for target in {state.shows for state in small((most, parallel, criteria))}:
            assert any(state.shows == target for state in reached(created(), terms, target)), target


@settings(max_examples=10)
@given(st.data(), st.sampled_from(SCOPES[1:]))
def test_it_is_found_from_wherever_an_answer_has_left_the_tuning_job(data, scope):
    most, parallel, criteria = scope
    terms = Terms(most, parallel, criteria, criteria)
    start = data.draw(st.sampled_from(sorted(small(scope))))
    for target in sorted({state.shows for state in every_order({start}, terms, most)}):
        assert any(state.shows == target for state in reached({start}, terms, target)), target


def test_the_search_grows_with_the_number_of_training_jobs_not_with_their_orders():
    target = Shown("Completed", 0, 700, 10, 20, 20, 705, 45, 0)
    states = reached(created(), Terms(750, 10), target)
    assert any(state.shows == target for state in states) and len(states) < 20 * 750


def test_the_controller_says_what_is_armed():
    [new] = created()
    assert armed(new, Terms(2, 1, False, False)) == {"launch", "stop"}
    busy = new._replace(live=1)
    assert armed(busy, Terms(2, 1, False, False)) == {"child_ended", "stop"}
    tried = new._replace(non_retryable=5, attempts=5)
    assert armed(tried, Terms(9, 1, False, False)) == {"give_up", "stop"}
    done = new._replace(completed=2, succeeded=2)
    assert armed(done, Terms(2, 1, False, False)) == {"finish", "stop"}
    assert armed(done, Terms(9, 1, False, True)) == {"launch", "criterion", "stop"}
    assert armed(done, Terms()) >= {"launch", "finish", "criterion", "max_runtime"}


def test_without_counters_every_later_state_is_possible():
    assert {state.state for state in any_later(created())} == {row.destination for row in TUNING.rows}
