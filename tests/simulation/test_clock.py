"""The clock: what is stale neither happens nor counts, and an environment does not keep its simulation."""

import pytest
import simpy

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
