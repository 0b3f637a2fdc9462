"""The same seed is the same journal, byte for byte, whatever else differs."""

import ast
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from golden import evidence

import hptsim
from hptsim import Journal, Simulation
from hptsim.cli.run import demo


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


@pytest.mark.long
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


COUNTS = {
    "length * len(places) for length, places in groups",
    "amounts.get(pool, 0) for amounts in later",
    "max(used.get(team, 0), self.shares.share(team).kept(pool)) for team in teams",
    "share.quota.get(pool, 0) for share in self.shares.values()",
    "_amounts_held(state, name).get(pool, 0) for name in state.due_s if team_of(state, name) == team",
    "map(len, each)",
    "row.preemptions for row in self._counted()",
    "drawn.counts[design] for design in range(len(designs)) if design not in left",
    "self.running.values()",
    "map(len, streams)",
    "map(len, drawn)",
    "1 for _ in self._counted()",
    "number for _, number in gpus",
    "whole",
    "self.replications",
    "value for name, value in numbers.items() if name != 'InProgress' and isinstance(value, int)",
    "whole_second(end_s) - whole_second(begin_s) for begin_s, end_s in stretches",
    "getattr(toward, name) - getattr(state, name) for name in _WITH_OBJECTIVE",
    "world.tuning[name].launched for name in set(spec.parents)",
    "count or 0 for count in counts",
    "one or 0 for one in points",
    "job.spec.limits.max_training_jobs or 1 for job in self.scenario.with_arrivals(seed).tuning_jobs",
    "kinds.values()",
    "self.refused.values()",
    "count for pool, count in amounts.items() if pool != TUNING_JOBS",
    "amounts.values()",
    "entries.values()",
    "1 for _ in self",
    "_BIT[name] for name in self.content",
    "columns['due']",
    "node.at_rest for node in graph.nodes",
    "not isinstance(history.following, Request) for history in met",
    "request.instances.get(one, 0) for request in queue",
    "held.values()",
    "long_ms for _, long_ms in frames",
}
"""What is added up with sum and is whole numbers: instances, training jobs, points of a grid, refused calls, seconds, ms."""


def sums(source):
    """What a module adds up with sum, except truth values and lengths."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "sum":
            added = call.args[0]
            text = ast.unparse(added).removeprefix("(").removesuffix(")") if isinstance(added, ast.GeneratorExp) else ""
            one = added.elt if isinstance(added, ast.GeneratorExp) else added
            length = isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "len"
            if (not length and not isinstance(one, ast.Compare | ast.BoolOp)) or (
                isinstance(one, ast.BoolOp) and not all(isinstance(value, ast.Compare) for value in one.values)
            ):
                yield text or ast.unparse(added)


@pytest.mark.long
def test_floats_are_added_with_fsum_because_sum_rounds_otherwise_from_python_3_12_on():
    package = Path(hptsim.__file__).parent
    found = {text for path in sorted(package.rglob("*.py")) for text in sums(path.read_text(encoding="utf-8"))}
    assert found == COUNTS, "add floats with math.fsum; list what is whole numbers in COUNTS"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("sum(x * y for x, y in pairs)", ["x * y for x, y in pairs"]),
        ("sum(values)", ["values"]),
        ("sum(x or 0.5 for x in values)", ["x or 0.5 for x in values"]),
        ("sum(x > 1 and y < 2 for x, y in pairs) + sum(len(x) for x in pairs)", []),
        ("math.fsum(values)", []),
    ],
)
def test_the_search_for_sums_finds_those_of_floats(source, found):
    assert list(sums(source)) == found


def test_journals_are_the_same_under_every_version_of_python():
    """The hash of all golden journals, as it was recorded under other versions (`evidence.py versions`), is theirs here."""
    recorded = json.loads((evidence.FOLDER / "versions.json").read_text())
    minor = [version.rpartition(".")[0] for version in recorded]
    assert {"3.12", "3.13"} <= set(minor)
    kept = evidence.fingerprint(json.loads((evidence.FOLDER / "journals.json").read_text()))
    assert recorded == dict.fromkeys(recorded, kept)
