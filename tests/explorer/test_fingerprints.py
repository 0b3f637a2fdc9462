"""Fingerprints: equal for equal values, in every process that was forked from the same one."""

import multiprocessing
from collections import deque

import pytest

from explorer.scopes import FAULTS, jobs
from hptsim.audit.laws import LAWS
from hptsim.explorer.fingerprints import written
from hptsim.explorer.scope import Scope
from hptsim.model.machine import TABLES
from hptsim.model.statuses import TuningJobStatus


def states(system, count):
    """The first states of a search, with doubles."""
    line, seen, met = deque([system.root]), set(), []
    while line and len(met) < count:
        state = line.popleft()
        for move in system.moves(state):
            if (following := system.take(state, move)) is not None:
                met.append((system.key(following), system.fingerprint(following)))
                if met[-1][0] not in seen:
                    seen.add(met[-1][0])
                    line.append(following)
    return met


def system():
    return Scope(jobs(2), {}, FAULTS, True, True, 0, TABLES, LAWS).system()


def test_states_have_equal_fingerprints_exactly_if_their_keys_are_equal():
    met = states(system(), 800)
    keys, prints = {key for key, _ in met}, {one for _, one in met}
    assert len(keys) == len(prints) == len(set(met)) < len(met)


OWN = system()


def backwards():
    """Fingerprints of states that are met in another order, so that the numbers of their parts are others."""
    met, level = {OWN.fingerprint(OWN.root)}, [OWN.root]
    for _ in range(4):
        moves = [(state, move) for state in level for move in reversed(list(OWN.moves(state)))]
        level = [after for state, move in moves if (after := OWN.take(state, move)) is not None][:60]
        met |= {OWN.fingerprint(state) for state in level}
    return met


def test_another_process_comes_to_the_same_fingerprints_by_another_way():
    with multiprocessing.get_context("fork").Pool(1) as pool:  # before this process has met a state
        theirs = pool.apply(backwards)
    mine = {one for _, one in states(OWN, 600)}
    assert len(theirs) > 30 and theirs - {OWN.fingerprint(OWN.root)} <= mine


def test_what_equals_is_written_alike():
    assert written(TuningJobStatus.Stopped) == written("Stopped") and written((1, True)) == written([1.0, 1])
    assert written(frozenset("abc")) == written(frozenset("cba")) != written(("a", "b", "c"))
    assert written(float("inf")) == "inf"


def test_what_has_no_value_has_no_fingerprint():
    with pytest.raises(TypeError, match="object, which has no fingerprint"):
        written((1, object()))
