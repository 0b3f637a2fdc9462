"""`hptsim plan --trace`: from a table of jobs to a decision in one command; what it says, and what it refuses."""

import json
import re

import pytest

from hptsim.cli.app import main
from hptsim.cli.tables import own_prices, quotas
from hptsim.errors import InvalidInput

TABLE = """id,submitted,seconds,gpus
a,0,3600,2
b,300,1800,1
c,600,7200,2
free,700,100,0
never,700,,1
"""
SEARCH = ("--what", "capacity.gpu", "--target", "waiting_time_s.p95 <= 600")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text(TABLE)
    return str(path)


def plan(table, *more):
    return main(["plan", "--trace", table, "--skip", *more])


def test_one_command_leads_from_a_table_to_a_quota(table, capsys):
    """With four GPUs c waits for two of them until b ends; five are enough. With one, a and c are refused."""
    assert plan(table, *SEARCH) == 0
    out = capsys.readouterr().out
    assert "jobs: 4 taken, 1 left out: 1 × seconds: empty." in out
    assert (
        "Read by mapping submit=submitted,duration=seconds,size=gpus,name=id; submitted: seconds from any beginning"
        in out
    )
    assert "1 of them want nothing that is limited (0.0 instance-hours)" in out
    assert "capacity.gpu = 5 meets waiting_time_s.p95 <= 600: it is 0. With 4 it is missed: it is 1350." in out
    assert "One history, no interval" in out and "confidence" not in out and "±" not in out


def test_the_answer_for_machines(table, capsys):
    assert plan(table, *SEARCH, "--price", "gpu=2", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["what"], found["smallest"], found["confidence"]) == ("capacity.gpu", 5, None)
    assert (
        found["table"]["left_out"] == 1 and found["table"]["want_nothing_limited"] == 1 and found["table"]["taken"] == 4
    )
    points = {point["point"]["capacity.gpu"]: point for point in found["points"]}
    assert points[5]["target"] == "met" and points[4]["target"] == "missed"
    assert points[1]["target"] == "missed", "two of three jobs never fit, and the third has not waited"
    assert points[5]["figures"]["cost_usd"]["mean"] == pytest.approx((2 * 3600 + 1800 + 2 * 7200) / 3600 * 2)


def test_no_quota_may_be_enough(table, capsys):
    assert plan(table, "--what", "capacity.gpu", "--target", "throughput_per_hour >= 1000") == 0
    assert "No capacity.gpu up to 4096 meets throughput_per_hour >= 1000: it is " in capsys.readouterr().out


def test_a_grid_and_a_single_design_are_told_without_intervals(table, capsys):
    assert plan(table, "--over", "capacity.gpu=1,3", "--target", "waiting_time_s.mean <= 2000") == 0
    out = capsys.readouterr().out
    assert (
        "waiting_time_s.mean is 0 with capacity.gpu = 1: waiting_time_s.mean <= 2000 is missed; 66.67% of the jobs"
        in out
    )
    assert "waiting_time_s.mean is 1000 with capacity.gpu = 3: waiting_time_s.mean <= 2000 is met." in out
    assert plan(table, "--capacity", "gpu=3") == 0
    assert "waiting_time_s.mean is 1000." in capsys.readouterr().out


@pytest.mark.long
def test_a_page_says_what_it_is(table, tmp_path):
    path = tmp_path / "out.html"
    assert plan(table, *SEARCH, "--html", str(path)) == 0
    text = path.read_text()
    assert "One history, replayed once for each design" in text and "Student" not in text and "replication" not in text
    assert "1 × seconds: empty." in text and text.count("<svg") >= 2


def test_a_discipline_and_prices_of_ones_own(table, tmp_path, capsys):
    prices = tmp_path / "prices.toml"
    prices.write_text('date = "2026-11"\nregion = "x"\nsource = "y"\non_demand_usd_per_hour = { gpu = 4.0 }\n')
    assert plan(table, "--capacity", "gpu=3", "--discipline", "backfill", "--prices", str(prices), "--json") == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["figures"]["cost_usd"]["mean"] == pytest.approx((2 * 3600 + 1800 + 2 * 7200) / 3600 * 4)


def test_a_table_that_is_resampled_has_intervals(tmp_path, capsys):
    """Two days on which jobs wait for each other, and a third with a single job."""
    path = tmp_path / "days.csv"
    rows = [f"{day * 86400 + second},{500 + second},1" for day in range(2) for second in range(0, 90 - 40 * day, 10)]
    path.write_text("\n".join(["submitted,seconds,gpus", *rows, "172800,60,1", ""]))
    arguments = ["--target", "waiting_time_s.p95 <= 600", "--resample", "days", "--replications", "6"]
    assert main(["plan", "--trace", str(path), "--capacity", "gpu=1", *arguments]) == 0
    out = capsys.readouterr().out
    assert "days: 6 replications, mean (and the 95% interval)" in out and "One history" not in out
    assert "days: 15 taken, 0 left out." in out and "waiting_time_s.p95 <= 600 is " in out
    assert main(["plan", "--trace", str(path), "--what", "capacity.gpu", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["confidence"] == 0.95 and found["smallest"] > 1 and found["table"]["taken"] == 15


def test_some_may_be_left_out_where_that_is_said(table, capsys):
    """With one GPU a and c are refused; b does not wait."""
    assert plan(table, *SEARCH, "--unserved", "0.7") == 0
    assert (
        "capacity.gpu = 1 meets waiting_time_s.p95 <= 600: it is 0, and 66.67% of the jobs" in capsys.readouterr().out
    )


def test_the_figures_may_be_told_apart(tmp_path, capsys):
    path = tmp_path / "teams.csv"
    path.write_text("submitted,seconds,team\n0,600,vision\n60,600,speech\n")
    target = "waiting_time_s.mean[team=speech]"
    assert main(["plan", "--trace", str(path), "--what", "capacity.gpu", "--target", f"{target} <= 60"]) == 0
    assert f"capacity.gpu = 2 meets {target} <= 60: it is 0. With 1 it is missed: it is 540." in capsys.readouterr().out


def test_one_quota_for_every_kind_may_be_searched(table, capsys):
    """Jobs of size 0 are of a kind too, and there is a quota for it: nobody is apart."""
    assert plan(table, "--what", "capacity.*", *SEARCH[2:]) == 0
    out = capsys.readouterr().out
    assert "capacity.* = 5 meets waiting_time_s.p95 <= 600" in out and "want nothing that is limited" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan"], "plan: got 'nothing', expected a scenario's file, or --trace"),
        (["plan", "x.toml", "--trace", "t.csv"], "expected a scenario's file, or --trace"),
        (["plan", "x.toml", "--mapping", "helios"], "--mapping: got 'helios', expected --trace"),
        (["plan", "x.toml", "--skip"], "--skip: got True, expected --trace"),
        (["plan", "--trace", "TABLE", "--replications", "5"], "--replications: got 5, expected none with --trace"),
        (["plan", "--trace", "TABLE"], "1 records cannot be taken (--skip leaves them out)"),
        (["plan", "--trace", "TABLE", "--skip", "--mapping", "helois"], "mapping: got 'helois'"),
        (
            ["plan", "--trace", "TABLE", "--skip", "--mapping", "submit=submited,duration=seconds"],
            "did you mean 'submitted'",
        ),
        (["plan", "--trace", "TABLE", "--skip", "--what", "capacity.gpus", *SEARCH[2:]], "capacity.gpus: got 'gpus'"),
        (["plan", "--trace", "TABLE", "--skip", "--what", "capcity.gpu", *SEARCH[2:]], "did you mean 'capacity'"),
        (["plan", "--trace", "TABLE", "--skip", "--over", "capacity.gpus=1"], "capacity.gpus: got 'gpus'"),
        (["plan", "--trace", "TABLE", "--skip", "--capacity", "gpus=1"], "--capacity: got 'gpus'"),
        (
            ["plan", "--trace", "TABLE", "--skip", *SEARCH[:3], "waitng_time_s.p95 <= 6"],
            "did you mean 'waiting_time_s.p95'",
        ),
        (["plan", "--trace", "TABLE", "--skip", "--discipline", "fif"], "did you mean 'fifo'"),
        (["plan", "--trace", "TABLE", "--skip", "--seed", "0"], "--seed: got 0, expected none with --trace"),
        (
            ["plan", "--trace", "TABLE", "--skip", "--confidence", "0.9"],
            "--confidence: got 0.9, expected none with --trace",
        ),
        (
            ["plan", "--trace", "TABLE", "--skip", "--replications", "2"],
            "--replications: got 2, expected none with --trace",
        ),
        (["plan", "--trace", "TABLE", "--skip", "--what", "capacity.gpu"], "--what: got 'no --target'"),
    ],
)
def test_what_cannot_be_meant_is_an_error(table, capsys, arguments, message):
    assert main([table if one == "TABLE" else one for one in arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.out == ""


def test_quotas_and_prices_are_parsed():
    assert quotas(["v100 = 8"]) == {"v100": 8} and own_prices(["v100 = 2.5"]) == {"v100": 2.5}
    for wrong in ("v100", "=3", "v100=-1", "v100=²"):
        with pytest.raises(InvalidInput, match="--capacity: got"):
            quotas([wrong])


@pytest.mark.long
def test_a_design_that_turns_jobs_away_shows_it_beside_its_waiting_times(table, tmp_path, capsys):
    """With one GPU most jobs are refused, and those that are left do not wait."""
    page = tmp_path / "page.html"
    assert plan(table, *SEARCH, "--html", str(page)) == 0
    assert "unserved_share" in capsys.readouterr().out
    html = page.read_text()
    cell = r'<td data-value="([^"]*)"[^>]*>[^<]*</td>'
    rows = re.findall(rf"<tr>{cell}{cell}{cell}{cell}</tr>", html)
    assert [int(value) for value, *_ in rows] == sorted(int(value) for value, *_ in rows)
    shown = {(int(value), name): float(figure) for value, name, _, figure in rows}
    assert shown[1, "waiting_time_s.p95"] == 0 and shown[1, "unserved_share"] > 0.5 and shown[5, "unserved_share"] == 0


def test_the_sentence_of_a_history_is_about_the_figures_that_were_asked_for(table, capsys):
    assert plan(table, "--figure", "waiting_time_s.p50", "--figure", "waited_share") == 0
    out = capsys.readouterr().out
    assert "waiting_time_s.mean" not in out and "makespan_s" not in out
    assert re.search(r"^waiting_time_s\.p50 is \S+, waited_share is \S+\.$", out, re.MULTILINE)


def test_where_everybody_is_served_nothing_is_said_of_it(table, capsys):
    assert plan(table, "--over", "capacity.gpu=8") == 0
    assert "unserved" not in capsys.readouterr().out
