"""A search in several processes has the answer of one, ends with its processes, and they end with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explorer.scopes import FAULTS, HERE, LATE, answer, jobs
from hptsim import LAWS, explore
from hptsim.errors import InvalidInput
from hptsim.explorer import search, workers
from hptsim.explorer.scope import Scope
from hptsim.model.laws import Law
from hptsim.model.machine import TABLES


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """Processes are started as soon as there are two states for each; how many were."""
    monkeypatch.setattr(workers, "_ENOUGH", 2)
    monkeypatch.setattr(workers, "_BATCH", 3)
    begun, make = [], workers._Worker

    def counted(process, pipe):
        begun.append(process.pid)
        return make(process, pipe)

    monkeypatch.setattr(workers, "_Worker", counted)
    return begun


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.long
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"coverage": True, "max_depth": 7},
        {"hash_compaction": True},
        {"max_states": 100},
        {"tables": LATE},
    ],
    ids=lambda given: "-".join(given),
)
def test_several_processes_have_the_answer_of_one(options, count, started):
    scope = jobs(1)
    found = explore(scope, faults={"interrupt": 1}, workers=count, **options)
    assert answer(found) == answer(explore(scope, faults={"interrupt": 1}, **options))
    assert len(started) == count and not any(alive(pid) for pid in started)
    assert (found.counterexample is not None) == ("tables" in options)


def test_one_process_is_enough_for_few_states(monkeypatch, started):
    monkeypatch.setattr(workers, "_ENOUGH", 10**6)
    assert explore(jobs(1, 1), workers=2).complete and not started


def test_ctrl_c_ends_the_processes_and_what_was_found_is_the_same(monkeypatch, started):
    monkeypatch.setattr(search, "_LOOK", 50)
    found = explore(jobs(1), faults=FAULTS, workers=2, progress=lambda at: at.states > 300)
    alone = explore(jobs(1), faults=FAULTS, progress=lambda at: at.states > 300)
    assert answer(found) == answer(alone) and found.ended == "interrupted"
    assert len(started) == 2 and not any(alive(pid) for pid in started)


def test_the_mistake_of_a_law_is_raised_where_the_search_was_called(started):
    def check(state, what):
        if len(started) == 0 and os.getpid() != OWN:
            raise ZeroDivisionError("a mistake in a law")

    odd = Law("odd", "always", "it is odd", "a test", check, ("step",))
    with pytest.raises(ZeroDivisionError, match="a mistake in a law") as raised:
        explore(jobs(1), workers=2, laws=(odd,))
    assert any("in check" in note for note in raised.value.__notes__)
    assert not any(alive(pid) for pid in started)


OWN = os.getpid()


def test_a_process_that_was_killed_is_noticed(started, monkeypatch):
    monkeypatch.setattr(search, "_LOOK", 20)

    def kill(at):
        if started:
            os.kill(started[0], signal.SIGKILL)

    with pytest.raises(RuntimeError, match="a process of the search has ended before the search did"):
        explore(jobs(2), faults=FAULTS, workers=2, progress=kill)
    assert not any(alive(pid) for pid in started)


def test_a_system_without_fork_has_one_process(monkeypatch):
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(InvalidInput, match="workers: got 2, expected 1 on this system, which cannot fork"):
        explore(jobs(1), workers=2)
    assert explore(jobs(1, 1), workers=1).complete


CHILD = """
from explorer.scopes import FAULTS, jobs
from hptsim import LAWS, explore
from hptsim.explorer import workers
make = workers._Worker
def told(process, pipe):
    print(process.pid, flush=True)
    return make(process, pipe)
workers._Worker = told
explore(jobs(2), faults=FAULTS, workers=2)
"""


@pytest.mark.long
def test_the_processes_end_when_the_search_is_killed():
    child = subprocess.Popen([sys.executable, "-c", CHILD], env=HERE, stdout=subprocess.PIPE, text=True)
    pids = [int(child.stdout.readline()) for _ in range(2)]
    time.sleep(0.5)
    assert all(map(alive, pids))
    child.send_signal(signal.SIGKILL)
    child.wait()
    ends_s = time.monotonic() + 30
    while any(map(alive, pids)) and time.monotonic() < ends_s:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def after(system, *calls):
    state = system.root
    for call in calls:
        state = next(system.take(state, move) for move in system.moves(state) if call in move.call)
    return state


def test_the_order_of_moves_does_not_depend_on_what_a_process_has_met_before():
    one, other = (Scope(jobs(2), {}, FAULTS, True, False, 0, TABLES, LAWS).system() for _ in range(2))
    begun = ("jobs[0]", "jobs[1]")
    after(other, *begun, "'b', 'launch'")  # so that this one needs the parts of b's training job before those of a's
    states = [after(system, *begun, "'a', 'launch'", "'b', 'launch'") for system in (one, other)]
    orders = [[move.call for move in system.moves(state)] for system, state in zip((one, other), states, strict=True)]
    assert orders[0] == orders[1] and states[0] != states[1]
