"""The same seed is the same journal, byte for byte, whatever else differs."""

import os
import subprocess
import sys
import threading

import pytest

from hptsim import Journal, Simulation
from hptsim.cli.commands import demo


def written_by_another_process(path, hash_seed, *options):
    command = [
        sys.executable,
        "-c",
        "import sys; from hptsim.cli import main; sys.exit(main())",
        "run",
        "--json",
        "--journal",
        str(path),
        *options,
    ]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return path.read_bytes(), done.stdout


def test_two_processes_with_different_hash_seeds_write_the_same_journal_and_results(tmp_path):
    first = written_by_another_process(tmp_path / "1.jsonl", "1", "--seed", "3")
    second = written_by_another_process(tmp_path / "2.jsonl", "4711", "--seed", "3")
    assert first == second and first[0].count(b"\n") > 100
    assert written_by_another_process(tmp_path / "3.jsonl", "1", "--seed", "4") != first


@pytest.mark.parametrize("laws", [False, "end"])
def test_judging_does_not_change_what_is_judged(laws):
    journals = []
    for one in (True, laws):
        sim = Simulation(demo(), laws=one)
        sim.run()
        journals.append(list(sim.journal))
    assert journals[0] == journals[1]


def test_stepping_running_in_slices_and_on_disk_are_one_run(tmp_path):
    whole = Simulation(demo())
    whole.run()
    stepped = Simulation(demo())
    while stepped.step():
        pass
    stepped.run()
    sliced = Simulation(demo())
    for until in range(0, 40_000, 777):
        sliced.run(until=float(until))
    sliced.run()
    kept = Journal(tmp_path / "x.jsonl", keep=False)
    streamed = Simulation(demo(), journal=kept)
    streamed.run()
    assert list(whole.journal) == list(stepped.journal) == list(sliced.journal)
    kept.close()
    assert list(kept) == list(whole.journal)


def test_reading_never_moves_the_world():
    read, plain = Simulation(demo()), Simulation(demo())
    for _ in range(60):
        plain.step()
        read.step()
        assert read.metrics() and read.capacity and read.armed and read.possible is not None
        for name in read.tuning_jobs:
            for child in read.tuning_job(name).training_jobs:
                assert read.training_job(child).name == child and read.logs(child) is not None
    assert list(read.journal) == list(plain.journal)


def test_two_simulations_in_two_threads_do_not_meet():
    journals = {}

    def simulate(seed):
        sim = Simulation(demo(), seed=seed)
        sim.run()
        journals[threading.current_thread().name] = list(sim.journal)

    threads = [threading.Thread(target=simulate, args=(seed,), name=f"{i}") for i, seed in enumerate((1, 2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journals["0"] == journals["2"] != journals["1"]
