"""`hptsim explore`: counts, coverage, counterexamples, bounds, walks, and a search that goes on."""

import functools
import json
import os
import re
import signal
import subprocess
import sys

import attrs
import pytest

from cli.broken_tables import BROKEN
from hptsim import explore as search
from hptsim.cli.app import main
from hptsim.cli.explore import keeping_warm_pools, one_instance, small
from hptsim.explorer.walks import random_walks
from hptsim.model.definitions import InstanceRequest, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob


@pytest.fixture
def one(tmp_path):
    """The file of a scenario of one tuning job."""
    path = tmp_path / "one.json"
    attrs.evolve(small(), tuning_jobs=small().tuning_jobs[:1]).dump(path)
    return str(path)


def test_explore_counts_states_and_says_what_it_has_not_seen(one, capsys):
    assert main(["explore", one, "--fault", "interrupt", "--no-reduction"]) == 0
    out = capsys.readouterr().out
    found = re.search(r"(\d+) states, (\d+) transitions, depth (\d+), (\d+) at rest", out)
    again = search(attrs.evolve(small(), tuning_jobs=small().tuning_jobs[:1]), faults={"interrupt": 1})
    assert found and tuple(map(int, found.groups())) == (again.states, again.transitions, again.depth, again.resting)
    assert "every state visited, all laws kept" in out
    assert re.search("never seen in this scope: .*a waiting request is withdrawn", out)
    assert main(["explore", "--max-states", "200"]) == 0
    out = capsys.readouterr().out.partition("Not tried")[0]
    assert re.search(r"stopped after 20\d states", out) and "all laws" not in out and "every" not in out


def test_explore_prints_a_counterexample_with_exit_code_3(capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.explore.search", functools.partial(search, tables=BROKEN))
    monkeypatch.setattr("hptsim.cli.explore.random_walks", functools.partial(random_walks, tables=BROKEN))
    assert main(["explore"]) == 3
    out = capsys.readouterr().out
    assert "law broken: logs persist" in out and "sim.fire('a', 'launch')" in out
    assert "step by step:" in out and "     row     training" in out and "inevitable" in out
    assert main(["explore", "--walks", "100"]) == 3
    assert "law broken: logs persist" in capsys.readouterr().out
    assert main(["explore", "--json"]) == 3
    broken = json.loads(capsys.readouterr().out)["counterexample"]
    assert broken["law"] == "logs persist" and broken["calls"][0].startswith("sim = ") and broken["loop"] == []


def test_explore_writes_a_film_of_the_counterexample(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.explore.search", functools.partial(search, tables=BROKEN))
    assert main(["explore", "--film", str(tmp_path / "film.html")]) == 3
    page = (tmp_path / "film.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and "a counterexample" in page and '"law":"logs persist"' in page


def test_a_bounded_search_says_which_rows_it_fired(one, capsys):
    assert main(["explore", one, "--max-depth", "5"]) == 0
    out = capsys.readouterr().out
    assert "stopped at depth 5: no law was found broken up to there, and there may be more" in out
    assert re.search(r"\d+ of \d+ rows of the tables were fired", out) and "all laws" not in out
    assert "rows never fired:\n  tuning: " in out and "warm_pool: open, [*] → InUse" in out


def test_hash_compaction_says_how_likely_it_is_that_a_state_was_left_out(one, capsys):
    assert main(["explore", one, "--fault", "interrupt", "--hash-compaction"]) == 0
    out = capsys.readouterr().out
    assert "no state is left to visit, no law is broken" in out and "every state" not in out
    assert re.search(r"the probability that any was left out .* is about \d\.\de-\d\d", out)


def test_random_walks_are_the_same_for_the_same_seed(one, capsys):
    said = []
    for seed in ("4", "4", "5"):
        assert main(["explore", one, "--walks", "30", "--depth", "20", "--seed", seed]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != said[2]
    assert "30 random walks took" in said[0] and "rows of the tables were fired" in said[0]


@pytest.mark.long
def test_several_processes_print_the_same(one, capsys):
    said = []
    for workers in ("1", "2"):
        assert main(["explore", one, "--no-reduction", "--workers", workers]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert main(["explore", one, "--workers", "2"]) == 0
    assert "The search was not reduced: it runs in several processes." in capsys.readouterr().out


def test_results_for_machines(one, capsys):
    assert main(["explore", one, "--json", "--max-depth", "4"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ended"] == "max_depth" and found["complete"] is False and found["depth"] == 4
    assert found["coverage"]["rows_fired"] + len(found["coverage"]["rows_never_fired"]) == found["coverage"]["rows"]
    assert found["counterexample"] is None and found["states"] > 10
    assert found["reduced"] is True and found["judged_in_part"] == ["the best is the best"]
    assert "deletion, and creation again under the same name" in found["untried"][2]
    assert main(["explore", one, "--json", "--walks", "4"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["walks"] == 4 and found["interrupted"] is False and found["coverage"]["pairs"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--max-states -1", "--max-states: got -1, expected a whole number of at least 1"),
        ("--max-states 0", "--max-states: got 0"),
        ("--max-depth 0", "--max-depth: got 0"),
        ("--workers 0", "--workers: got 0"),
        ("--walks -5", "--walks: got -5"),
        ("--walks 5 --depth 0", "--depth: got 0"),
        ("--depth 5", "--depth: only random walks have one; write --max-depth for a search, or add --walks"),
        ("--walks 5 --max-depth 5", "--max-depth: random walks have none; leave it out, or --walks"),
        ("--walks 5 --hash-compaction", "--hash-compaction: random walks have none"),
        ("--walks 5 --no-reduction", "--no-reduction: random walks have none"),
        ("--html p.html --json", "--json: leave it out, or --html: the page has every state"),
        ("--html p.html --film f.html", "--film: leave it out, or --html"),
        ("--html p.html --walks 5", "--walks: leave it out, or --html"),
        ("--html p.html --walks 5 --depth 5", "--walks: leave it out, or --html"),
        ("--html p.html --workers 2", "--workers: leave it out, or --html"),
        ("--html p.html --coverage", "--coverage: leave it out, or --html"),
        ("--html p.html --hash-compaction", "--hash-compaction: leave it out, or --html"),
        ("--html p.html --checkpoint x", "--checkpoint: leave it out, or --html"),
        ("--html p.html --max-depth 1", "--max-depth: leave it out, or --html: the page has every state, bounded by"),
        ("--walks 5 --checkpoint x", "--checkpoint: random walks have none"),
        ("--fault interupt", "faults: got 'interupt', expected a kind of fault; did you mean 'interrupt'?"),
        ("--checkpoint pyproject.toml", "pyproject.toml is no checkpoint of an exploration"),
        ("--checkpoint nowhere/x", "nowhere/x"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, words, capsys):
    assert main(["explore", *arguments.split()]) == 2
    said = capsys.readouterr()
    assert words in said.err and not said.out


@pytest.mark.long
@pytest.mark.parametrize(
    "options", [["--workers", "2"], ["--checkpoint", "FILE"], ["--walks", "1000000"]], ids=" ".join
)
def test_ctrl_c_reports_what_was_found_so_far(tmp_path, options, ctrl_c):
    path = tmp_path / "search.ck"
    code = "from hptsim.explorer import search; search._SAVE = 100; from hptsim.cli import main; import sys; sys.exit(main())"
    arguments = [str(path) if option == "FILE" else option for option in options]
    arguments += [] if "--walks" in options else ["--no-reduction"]
    child = subprocess.Popen(
        [sys.executable, "-c", f"print('ready', flush=True); {code}", "explore", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout.readline() == "ready\n"
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(5)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130 and "interrupted" in out and "Traceback" not in err
    assert int(re.search(r"([\d,]+) (?:different )?states", out)[1].replace(",", "")) > 100
    if "FILE" in options:
        before = path.stat().st_size
        assert before > 1000
        assert main(["explore", "--no-reduction", "--checkpoint", str(path), "--max-states", "100"]) == 0
        assert path.stat().st_size == before


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


def test_explore_leaves_out_what_interchangeable_jobs_repeat_and_says_so(tmp_path, capsys):
    scenario = attrs.evolve(small(), tuning_jobs=small().tuning_jobs[:1])
    path = tmp_path / "one.json"
    scenario.dump(path)
    assert main(["explore", str(path), "--fault", "interrupt"]) == 0
    out = capsys.readouterr().out
    again = search(scenario, faults={"interrupt": 1}, reduction=True)
    assert f"{again.states} states, {again.transitions} transitions" in out
    assert again.states < search(scenario, faults={"interrupt": 1}).states
    assert "The search was reduced" in out and "Judged on the steps that were taken alone: the best is the best." in out
