"""asyncio in virtual time: sleeping, timeouts, many tasks in one order, executors; and a trigger that polls and is cancelled."""

import asyncio
import random
import selectors
import socket
import threading
import time

import pytest
from examples import request, simulation

from hptsim import boto
from hptsim.boto import clock, loops
from hptsim.boto.copies import UnreachedClock


def run(sim, coroutine):
    with boto.virtual_time(sim):
        return asyncio.run(coroutine)


def test_sleeping_takes_simulated_time_and_none_of_ours(sim):
    async def program():
        loop, seen = asyncio.get_running_loop(), []
        for seconds in (0, 0.5, 3600, 30 * 24 * 3600):
            await asyncio.sleep(seconds)
            seen.append((sim.now, loop.time(), time.monotonic(), time.time() - 1704067200))
        return seen

    began = time.perf_counter()
    seen = run(sim, program())
    assert seen == [(t, t, t, t) for t in (0, 0.5, 3600.5, 3600.5 + 30 * 24 * 3600)]
    assert time.perf_counter() - began < 5


def test_timeouts(sim):
    async def program():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 10)
        first = sim.now
        assert await asyncio.wait_for(asyncio.sleep(5, "done"), 10) == "done"
        async with asyncio.timeout(60) as limit:
            await asyncio.sleep(59)
        assert not limit.expired()
        done, waiting = await asyncio.wait([asyncio.create_task(asyncio.sleep(t)) for t in (1, 7)], timeout=3)
        for task in waiting:
            task.cancel()
        return first, len(done), len(waiting)

    assert run(sim, program()) == (10, 1, 1)
    assert sim.now == 10 + 5 + 59 + 3


def test_what_happens_in_the_simulation_before_a_timer_happens_first(sim):
    sim.create_tuning_job(request())
    order = []
    sim.observe(lambda step: order.append(("twin", sim.now)))

    async def program():
        for until in (10, 110, 125, 130):
            await asyncio.sleep(until - sim.now)
            order.append(("task", sim.now))

    run(sim, program())
    assert order == sorted(order, key=lambda one: (one[1], one[0] == "task"))
    assert [at for who, at in order if who == "task"] == [10, 110, 125, 130]
    assert ("twin", 125) in order


def test_a_future_that_the_simulation_resolves_wakes_its_task_at_that_instant(sim):
    async def program():
        ended = asyncio.get_running_loop().create_future()
        sim.create_tuning_job(request(total=1, parallel=1))
        sim.when("demo", "Completed").callbacks.append(lambda event: ended.set_result(sim.now))
        slow = asyncio.create_task(asyncio.sleep(5000))
        woken = await ended, sim.now
        slow.cancel()
        return woken

    assert run(sim, program()) == (125, 125)


def test_without_any_timer_the_simulation_goes_on_until_it_wakes_somebody(sim):
    async def program():
        ended = asyncio.get_running_loop().create_future()
        sim.create_tuning_job(request(total=1, parallel=1))
        sim.when("demo", "Completed").callbacks.append(lambda event: ended.set_result(sim.now))
        return await ended

    assert run(sim, program()) == 125


def many_tasks(seed):
    sim, order = simulation(), []

    async def one(name, rng):
        for _ in range(20):
            await asyncio.sleep(rng.choice([0, 0.1, 0.2, 0.3, 1, 1 / 3]))
            order.append((name, sim.now))

    async def program():
        rng = random.Random(seed)
        await asyncio.gather(*(one(name, random.Random(rng.random())) for name in range(30)))

    run(sim, program())
    return order


@pytest.mark.parametrize("seed", range(3))
def test_many_tasks_have_the_same_order_each_time(seed):
    first = many_tasks(seed)
    assert first == many_tasks(seed) and len(first) == 600
    assert [at for _, at in first] == sorted(at for _, at in first)


def test_a_loop_that_runs_already_goes_on_from_the_next_whole_second(sim):
    async def program():
        loop = asyncio.get_running_loop()
        before = loop.time()
        with boto.virtual_time(sim):
            began = loop.time()
            assert before <= began < before + 2 and began == int(began)
            await asyncio.sleep(3600)
            assert (sim.now, loop.time()) == (3600, began + 3600)
        return loop.time() - before

    assert asyncio.run(program()) < 60


def test_work_in_an_executor_is_waited_for_in_real_time(sim):
    async def program():
        loop = asyncio.get_running_loop()
        value = await asyncio.wait_for(loop.run_in_executor(None, slow), 10)
        other = await asyncio.wait_for(asyncio.to_thread(slow), 10)
        now = sim.now
        await asyncio.sleep(7)
        return value, other, now

    def slow():
        time.sleep(0.05)
        return "worked"

    assert run(sim, program()) == ("worked", "worked", 0)
    assert sim.now == 7  # nor does closing the executor move the clock


def test_connections_get_their_moment(sim):
    async def program():
        here, there = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=here)
        timer = threading.Timer(0.02, there.sendall, [b"hello\n"])
        timer.start()
        line = await asyncio.wait_for(reader.readline(), 3600)
        writer.close()
        there.close()
        return line, sim.now

    assert run(sim, program()) == (b"hello\n", 0)


def test_other_loops_and_selectors_are_left_alone(sim):
    found = {}

    def outsider():
        async def nap():
            began = time.perf_counter()
            await asyncio.sleep(0.02)
            return time.perf_counter() - began

        found["slept"] = asyncio.run(nap())

    with boto.virtual_time(sim):
        thread = threading.Thread(target=outsider)
        thread.start()
        thread.join()
        with selectors.DefaultSelector() as selector:
            began = time.perf_counter()
            selector.select(0.02)
            assert time.perf_counter() - began >= 0.019
    assert found["slept"] >= 0.019 and sim.now == 0


def test_afterwards_nothing_is_patched(sim):
    kinds = [getattr(selectors, name) for name in dir(selectors) if name.endswith("Selector")]
    places = [*kinds, asyncio.BaseEventLoop, threading.Event]
    before = [dict(vars(place)) for place in places]
    with boto.virtual_time(sim):
        assert [dict(vars(place)) for place in places] != before
    assert [dict(vars(place)) for place in places] == before


def test_a_loop_with_a_time_of_its_own_is_warned_of(sim):
    class Foreign(asyncio.SelectorEventLoop):
        """As uvloop and Windows' loop, it does not wait in a selector of the standard library."""

        def __init__(self):
            class Selector(selectors.SelectSelector):
                pass

            super().__init__(Selector())

    async def program():
        with pytest.warns(UnreachedClock, match="Foreign keeps its own time"):
            clock.check_loop()

    with boto.virtual_time(sim):
        loop = Foreign()
        assert not loops.reached(loop)
        try:
            loop.run_until_complete(program())
        finally:
            loop.close()

        async def asyncios():
            return loops.reached(asyncio.get_running_loop())

        assert asyncio.run(asyncios())


# ---------------------------------------------------------------------- a trigger, as orchestrators have them


async def poll(client, name, every_s):
    """Wait for the end of a tuning job; who cancels it stops the job, and waits until it has stopped."""

    async def status():
        await asyncio.sleep(0)
        shown = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return shown["HyperParameterTuningJobStatus"]

    try:
        while await status() == "InProgress":
            await asyncio.sleep(every_s)
    except asyncio.CancelledError:
        client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        while await status() == "Stopping":
            await asyncio.sleep(every_s)
        raise
    return await status()


def test_a_trigger_waits_and_a_cancelled_one_stops_its_job(sim, sagemaker):
    async def program():
        for name in ("kept", "killed"):
            sagemaker.create_hyper_parameter_tuning_job(**request(name))
        kept, killed = (asyncio.create_task(poll(sagemaker, name, 30)) for name in ("kept", "killed"))
        await asyncio.sleep(60)
        killed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await killed
        stopped_s = sim.now
        return stopped_s, await kept

    stopped_s, status = run(sim, program())
    assert status == "Completed" and sim.tuning_job("kept").ended_s == 250 and sim.now == 270
    job = sim.tuning_job("killed")
    assert job.status == "Stopped" and job.ended_s <= stopped_s < job.ended_s + 30
