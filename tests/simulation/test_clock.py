"""The clock: what is stale neither happens nor counts, and an environment does not keep its simulation."""

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from hptsim.simulation.clock import Command, TwinEnvironment


class Owner:
    """Notes what it is called for."""

    def __init__(self, *armed, now=0.0):
        self.seen = []
        self.env = TwinEnvironment(self.happen, self.order, dict.fromkeys(armed), now, 0)

    def happen(self, serial):
        self.seen.append((self.env.now, serial))

    def order(self, call):
        self.seen.append((self.env.now, *call))


def test_what_is_stale_neither_happens_nor_drags_the_clock_on():
    owner = Owner(2)
    owner.env.push(5.0, 1, 1)
    owner.env.push(7.0, 1, 2)
    assert owner.env.peek() == 7.0
    owner.env.step()
    assert owner.seen == [(7.0, 2)]
    owner.env.push(1.0, 1, 3)
    assert owner.env.peek() == float("inf") and owner.env.now == 7.0
    with pytest.raises(simpy.core.EmptySchedule):
        owner.env.step()


def test_at_one_instant_the_priority_decides_and_then_the_order_in_the_queue():
    owner = Owner(1, 2, now=10.0)
    owner.env.push(3.0, 2, Command(("stop", "a")))
    owner.env.push(3.0, 1, 1)
    owner.env.push(3.0, 1, 2)
    owner.env.run(until=20)
    assert owner.seen == [(13.0, 1), (13.0, 2), (13.0, "stop", "a")] and owner.env.now == 20


@given(
    delays=st.lists(st.integers(0, 6), max_size=8),
    events=st.lists(st.integers(0, 6), max_size=5),
    first=st.integers(0, 13),
)
def test_many_commands_in_a_line_happen_as_if_each_was_pushed_also_after_a_snapshot(delays, events, first):
    together, alone = Owner(*range(5), now=10.0), Owner(*range(5), now=10.0)
    together.env.order_all(((float(delay), Command(("create", n))) for n, delay in enumerate(delays)), 2)
    for number, delay in enumerate(delays):
        alone.env.push(float(delay), 2, Command(("create", number)))
    for owner in (together, alone):
        for serial, delay in enumerate(events):
            owner.env.push(float(delay), 1, serial)
        owner.env.push(3.0, 2, Command(("stop", "a")))
    count = len(delays) + len(events) + 1
    first = min(first, count)
    for _ in range(first):
        together.env.step()
    later = Owner(*range(5), now=together.env.now)
    assert together.env.pending() == sorted(together.env.pending(), key=lambda entry: entry[:3])
    later.env.resume(together.env.pending())
    for owner in (together, later, alone):
        owner.env.run()
    assert together.seen == alone.seen and later.seen == alone.seen[first:]
    assert len(alone.seen) == count


def test_of_many_commands_only_the_next_stands_in_the_queue_of_events():
    owner = Owner()
    owner.env.order_all([(9.0, Command(("create", 9))), *((float(n), Command(("create", n))) for n in range(9))], 2)
    for number in range(10):
        assert len(owner.env._queue) == 1 and len(owner.env.pending()) == 10 - number
        owner.env.step()
    assert owner.seen == [(float(number), "create", number) for number in range(10)]


def test_a_users_own_events_run_beside_it():
    owner = Owner(1)

    def user():
        yield owner.env.timeout(2)
        owner.seen.append("user")

    owner.env.process(user())
    owner.env.push(1.0, 1, 1)
    owner.env.run()
    assert owner.seen == [(1.0, 1), "user"]


def test_an_environment_does_not_keep_its_simulation():
    env = Owner(1).env
    env.push(1.0, 1, 1)
    with pytest.raises(ReferenceError, match="keep it in a variable of yours"):
        env.step()
