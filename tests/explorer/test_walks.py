"""Random walks: reproducible, bounded, and they find what is broken."""

import attrs
import pytest

import hptsim
from explorer.scopes import BROKEN, FAULTS, jobs
from hptsim import explore
from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.walks import random_walks
from hptsim.model.laws import Law


def test_the_same_seed_takes_the_same_walks_and_another_others():
    first, again, other = (random_walks(jobs(2), walks=30, depth=40, faults=FAULTS, seed=seed) for seed in (0, 0, 1))
    assert first == again and first.coverage == again.coverage
    assert (first.steps, first.states) != (other.steps, other.states)


def test_no_walk_is_longer_than_it_may_be_and_one_ends_where_nothing_is_allowed():
    assert random_walks(jobs(2), walks=20, depth=5).longest == 5
    found = random_walks(jobs(1, 1), walks=20, depth=1000)
    assert found.longest <= explore(jobs(1, 1)).depth + 2 and found.resting >= 20 and found.walks == 20


def test_many_walks_meet_every_state_of_a_small_scope():
    small = explore(jobs(1, 1), coverage=True)
    found = random_walks(jobs(1, 1), walks=400, depth=50)
    assert found.states == small.states and found.coverage == small.coverage and found.witnessed == small.witnessed


def test_a_planted_bug_is_found_and_its_calls_break_it_again():
    found = random_walks(jobs(1), walks=500, depth=40, tables=BROKEN)
    assert found.counterexample.law == "a stop reaches every child" and found.walks < 500
    assert found.sentence().startswith("A law is broken") and "There may be a shorter way" in found.sentence()
    calls = "\n".join(found.counterexample.calls).replace("cloud=", "tables=tables, cloud=")
    with pytest.raises(LawBroken, match="a stop reaches every child"):
        exec(calls, {"attrs": attrs, "hptsim": hptsim, "scenario": jobs(1), "tables": BROKEN})


def test_a_state_at_rest_is_judged():
    never = Law("never", "eventually", "nothing comes to rest", "a test", lambda state, what: "it has", ("rest",))
    found = random_walks(jobs(1), walks=5, depth=5, laws=(never,)).counterexample
    assert found.law == "never" and found.calls[-1] == "sim.run()" and len(found.calls) == 2


def test_walks_that_were_interrupted_report_what_they_found():
    found = random_walks(jobs(1), walks=500, depth=40, progress=lambda at: at.walks >= 7)
    assert found.walks == 7 and found.interrupted and "interrupted" in found.sentence()
    assert not random_walks(jobs(1), walks=7, depth=40, progress=lambda at: at.walks >= 7).interrupted


def test_the_sentence_claims_nothing_about_what_was_not_met():
    words = random_walks(jobs(1), walks=50, depth=40).sentence()
    assert "no law was found broken" in words and "different states" in words
    assert not {"all", "every", "each"} & set(words.lower().split())


@pytest.mark.parametrize("name", ["walks", "depth"])
def test_numbers_that_make_no_sense_are_refused(name):
    with pytest.raises(InvalidInput, match=f"{name}: got 0, expected a whole number of at least 1"):
        random_walks(jobs(1), **{"walks": 1, "depth": 1, name: 0})
