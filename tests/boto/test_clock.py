"""Virtual time of threads: sleeping, waiting, clocks and copies of them."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime

import attrs
import pytest
from botocore.config import Config
from examples import request, simulation

from hptsim import boto

EPOCH = 1704067200


def test_sleeping_advances_the_simulation_and_clocks_read_it(sim, sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**request())
    with boto.virtual_time(sim):
        assert time.time() == EPOCH and datetime.now(UTC) == datetime(2024, 1, 1, tzinfo=UTC)
        time.sleep(60)
        assert (sim.now, time.time(), time.time_ns()) == (60, EPOCH + 60, (EPOCH + 60) * 10**9)
        sim.run(until=90.5)
        assert time.time() == EPOCH + 90.5 and datetime.now(UTC).microsecond == 500_000
        time.sleep(0)
        assert sim.now == 90.5
        with pytest.raises(ValueError, match="non-negative"):
            time.sleep(-1)
        with pytest.raises(ValueError, match="NaN"):
            time.sleep(float("nan"))
        for too_long in (1e18, float("inf")):
            with pytest.raises(OverflowError):  # as the real one does
                time.sleep(too_long)
        assert sim.now == 90.5
    assert sim.tuning_job("demo").counters["InProgress"] == 2


def test_a_polling_loop_takes_no_time(sim, sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**request())
    polls = 0
    with boto.virtual_time(sim):
        while True:
            shown = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="demo")
            if shown["HyperParameterTuningJobStatus"] != "InProgress":
                break
            polls += 1
            time.sleep(30)
    assert polls == 9 and shown["HyperParameterTuningEndTime"].timestamp() == EPOCH + 250


def test_off_nothing_is_patched(sim):
    names = ("sleep", "time", "time_ns", "gmtime", "localtime", "monotonic")
    before = {name: getattr(time, name) for name in names}
    real = time.time()
    with boto.virtual_time(sim):
        assert time.sleep is not before["sleep"] and time.time() < real
        with boto.virtual_time(simulation()):
            pass
        assert time.sleep is not before["sleep"] and time.time() < real
    assert {name: getattr(time, name) for name in names} == before
    assert time.time() >= real and datetime.now(UTC).timestamp() >= real
    with pytest.raises(RuntimeError, match="out"), boto.virtual_time(sim):
        raise RuntimeError("out")
    assert time.sleep is before["sleep"] and time.time() >= real


def test_the_inner_simulation_counts(sim):
    inner = simulation()
    with boto.virtual_time(sim):
        time.sleep(5)
        with boto.virtual_time(inner):
            time.sleep(7)
            assert time.time() == EPOCH + 7
        assert time.time() == EPOCH + 5
    assert (sim.now, inner.now) == (5, 7)


def test_other_threads_sleep_and_read_clocks_as_ever(sim):
    real, found = time.time(), {}

    def outsider():
        time.sleep(0.001)
        found["time"] = time.time()
        found["year"] = datetime.now(UTC).year

    def another(until):
        with boto.virtual_time(other):
            time.sleep(until)
            found["other"] = time.time()

    other = simulation()
    with boto.virtual_time(sim):
        time.sleep(10)
        for target, arguments in ((outsider, ()), (another, (20,))):
            thread = threading.Thread(target=target, args=arguments)
            thread.start()
            thread.join()
        assert time.time() == EPOCH + 10
    assert found["time"] >= real and found["year"] >= 2026
    assert found["other"] == EPOCH + 20 and (sim.now, other.now) == (10, 20)


def test_missing_libraries_are_named(sim, monkeypatch):
    from hptsim.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "time_machine", None)
    with pytest.raises(MissingExtra, match=r"hptsim\[boto\]"), boto.virtual_time(sim):
        pass
    with pytest.raises(MissingExtra), boto.virtual_time(sim):
        pass
    monkeypatch.undo()
    with boto.virtual_time(sim):
        assert time.time() == EPOCH


def test_the_epoch_is_the_scenarios():
    scenario = attrs.evolve(simulation().scenario, epoch="2030-06-01T12:00:00+02:00")
    sim = type(simulation())(scenario)
    with boto.virtual_time(sim):
        assert datetime.now(UTC) == datetime(2030, 6, 1, 10, tzinfo=UTC)


def test_monotonic_is_simulated_time_and_a_deadline_is_kept(sim):
    with boto.virtual_time(sim):
        deadline, polls = time.monotonic() + 600, 0
        while time.monotonic() < deadline:
            polls += 1
            time.sleep(60)
        assert (polls, sim.now, time.monotonic_ns()) == (10, 600, 600 * 10**9)
    assert time.monotonic() != 600


def test_waiting_for_an_event_takes_simulated_time(sim):
    stop = threading.Event()
    with boto.virtual_time(sim):
        assert [stop.wait(30), sim.now] == [False, 30]
        sim.create_tuning_job(request(total=1, parallel=1))
        sim.when("demo", "Completed").callbacks.append(lambda event: stop.set())
        assert [stop.wait(3600), sim.now] == [True, 155]
        assert [stop.wait(3600), sim.now] == [True, 155]


def test_waits_for_other_threads_take_real_time(sim):
    def work():
        real.wait()
        return threading.get_ident()

    real = threading.Event()
    with boto.virtual_time(sim), ThreadPoolExecutor(1) as pool:
        thread = threading.Timer(0.02, real.set)
        thread.start()
        done, _ = wait([pool.submit(work)], timeout=60)
        assert len(done) == 1 and sim.now == 0
        assert subprocess.run([sys.executable, "-c", ""], timeout=60).returncode == 0 and sim.now == 0
        set_elsewhere = threading.Event()
        threading.Timer(0.02, set_elsewhere.set).start()
        assert set_elsewhere.wait(threading.TIMEOUT_MAX) and sim.now == 0


def test_a_client_that_retries_in_standard_mode_sleeps_in_simulated_time(sim):
    throttled = attrs.evolve(sim.scenario, request_rates={"ListTrainingJobs": 0.1})
    sim = type(sim)(throttled)
    client = boto.client(sim, config=Config(retries={"mode": "standard", "max_attempts": 8}))
    client.list_training_jobs()
    began = time.perf_counter()
    with boto.virtual_time(sim):
        answer = client.list_training_jobs()
    assert answer["ResponseMetadata"]["RetryAttempts"] > 0 and sim.now >= 10
    assert time.perf_counter() - began < 5
