"""`hptsim explore`: counts, coverage and counterexamples."""

import functools
import re

import attrs

from cli.broken_tables import BROKEN
from hptsim import explore as search
from hptsim.cli.app import main
from hptsim.cli.explore import keeping_warm_pools, one_instance, small
from hptsim.model.definitions import InstanceRequest, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob


def test_explore_counts_states_and_says_what_it_has_not_seen(tmp_path, capsys):
    scenario = attrs.evolve(small(), tuning_jobs=small().tuning_jobs[:1])
    path = tmp_path / "one.json"
    scenario.dump(path)
    assert main(["explore", str(path), "--fault", "interrupt"]) == 0
    out = capsys.readouterr().out
    found = re.search(r"(\d+) states, (\d+) transitions, depth (\d+), (\d+) at rest", out)
    again = search(scenario, faults={"interrupt": 1})
    assert found and tuple(map(int, found.groups())) == (again.states, again.transitions, again.depth, again.resting)
    assert "every state visited, all laws kept" in out
    assert re.search("never seen in this scope: .*a waiting request is withdrawn", out)
    assert main(["explore", "--max-states", "200"]) == 0
    assert "stopped after 200 states" in capsys.readouterr().out


def test_explore_prints_a_counterexample_with_exit_code_3(capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.explore.search", functools.partial(search, tables=BROKEN))
    assert main(["explore"]) == 3
    out = capsys.readouterr().out
    assert "law broken: logs persist" in out and "sim.fire('a', 'launch')" in out


def test_explore_gives_further_commands_and_warm_pools_and_prints_what_it_leaves_out(capsys):
    given = ["--fault", "client_error", "--command", "update", "--command", "delete", "--any-order"]
    assert main(["explore", "--warm-pools", "1", *given]) == 0
    out = capsys.readouterr().out
    scenario = one_instance()
    again = search(
        scenario,
        training_jobs=keeping_warm_pools(scenario, 1),
        faults={"client_error": 1},
        commands={"update": 1, "delete": 1},
        any_order=True,
    )
    assert f"{again.states} states, {again.transitions} transitions" in out
    assert all(f"\n- {one}" in out for one in again.untried) and "client_error more than once" in again.untried
    fewer = search(scenario, training_jobs=keeping_warm_pools(scenario, 1), faults={"client_error": 1})
    assert fewer.states < again.states


def test_warm_pools_of_a_file_are_on_its_instances(tmp_path, capsys):
    definition = TrainingJobDefinition(instances=InstanceRequest("ml.g5.xlarge", 2))
    scenario = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a", (definition,))),))
    (job,) = keeping_warm_pools(scenario, 1).values()
    assert job.instances == definition.instances and job.keep_alive_s
    scenario.dump(tmp_path / "one.json")
    assert main(["explore", str(tmp_path / "one.json"), "--warm-pools", "1", "--max-states", "50"]) == 0
    assert "training jobs without a tuning job" not in capsys.readouterr().out


def test_an_unknown_command_is_refused_kindly(capsys):
    assert main(["explore", "--command", "stop-child"]) == 2
    assert "did you mean 'stop_child'" in capsys.readouterr().err
    assert main(["explore", "--warm-pools", "-1"]) == 2
    assert "warm-pools" in capsys.readouterr().err
