"""`hptsim replay`: a table of jobs through the whole twin, its counts, its figures, its mistakes."""

import json

import pytest

from hptsim.cli.app import main

MAPPING = "submit=at,duration=run,size=gpus,name=job"
TABLE = """job,at,run,gpus
a,0,100,2
b,20,100,1
c,50,10,1
free,60,30,0
later,1000,100,2
never,1000,,1
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    return str(path)


def replay(table, *more):
    return main(["replay", table, "--mapping", MAPPING, "--skip", *more])


def test_the_figures_are_those_of_the_jobs(table, capsys):
    """Two GPUs: a has both until 100, then b and c begin (waited 80 and 50), later begins at once; free is in no figure."""
    assert replay(table, "--capacity", "gpu=2", "--json", "--above", "60") == 0
    found = json.loads(capsys.readouterr().out)
    read_by = ["mapping submit=at,duration=run,size=gpus,name=job", "at: seconds from any beginning", "run: seconds"]
    assert found["table"] == {
        "read_by": read_by,
        "taken": 5,
        "left_out": 1,
        "reasons": {"run: empty": 1},
        "want_nothing_limited": 1,
        "table_cost_usd": None,
    }
    assert found["makespan_s"] == 1100 and found["refused"] == {}
    figures = found["figures"]
    assert figures["waiting_time_s.mean"] == pytest.approx(130 / 4) and figures["waiting_time_s.max"] == 80
    assert figures["waited_share"] == pytest.approx(0.5) and figures["waiting_time_s.above_60"] == pytest.approx(0.25)
    assert figures["utilization.gpu"] == pytest.approx((200 + 100 + 10 + 200) / (2 * 1100))
    assert figures["queue_length.mean"] == pytest.approx(130 / 1100) and figures["cost_usd"] is None
    assert replay(table, "--capacity", "gpu=2", "--json", "--price", "gpu=3.6") == 0
    cost_usd = json.loads(capsys.readouterr().out)["figures"]["cost_usd"]
    assert cost_usd == pytest.approx((200 + 100 + 10 + 200) * 3.6 / 3600)


def test_it_prints_what_was_taken_and_what_was_left_out(table, capsys):
    assert replay(table, "--capacity", "gpu=2") == 0
    printed = capsys.readouterr().out
    assert "t: 5 taken, 1 left out: 1 × run: empty." in printed
    assert "1 of them want nothing that is limited" in printed and "with gpu = 2, fifo." in printed
    assert "mean waiting time" in printed and "32 s" in printed and "1,100 s" in printed and "23.2%" in printed


def test_a_page_has_the_figures_and_the_pictures(table, tmp_path, capsys):
    path = tmp_path / "out.html"
    assert replay(table, "--capacity", "gpu=2", "--html", str(path)) == 0
    text = path.read_text()
    assert text.count("<figure>") == 3 and "1 × run: empty." in text and ">1,100 s (0.0 days)</td>" in text
    assert replay(table, "--html", str(path)) == 0
    assert path.read_text().count("<figure>") == 1, "nobody waits, and nothing is limited"
    assert replay(table, "--html", str(tmp_path / "none" / "out.html")) == 2
    assert "--html: got" in capsys.readouterr().err


def test_a_row_for_each_job_is_kept(table, tmp_path):
    path = tmp_path / "out.parquet"
    assert replay(table, "--capacity", "gpu=1", "--parquet", str(path)) == 0
    jobs = pytest.importorskip("pandas").read_parquet(path).set_index("job")
    assert list(jobs.index) == ["a", "b", "c", "later"]
    assert jobs["started_s"].isna().to_dict() == {"a": True, "b": False, "c": False, "later": True}
    assert jobs.loc["c"].to_dict() == {
        "kind": "gpu",
        "instances": 1,
        "submitted_s": 50,
        "waited_s": 70,
        "started_s": 120,
        "ended_s": 130,
    }


def test_who_wants_more_than_there_is_is_refused_and_said(table, capsys):
    assert replay(table, "--capacity", "gpu=1") == 0
    assert "Refused: 2 × ResourceLimitExceeded" in capsys.readouterr().out


def test_the_discipline_may_let_the_small_pass(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("at,run,gpus\n0,100,1\n1,100,2\n2,50,1\n")
    waits = {}
    for discipline in ("fifo", "backfill"):
        mapping = ["--mapping", "submit=at,duration=run,size=gpus", "--capacity", "gpu=2", "--json"]
        assert main(["replay", str(path), *mapping, "--discipline", discipline, "--laws", "on"]) == 0
        waits[discipline] = json.loads(capsys.readouterr().out)["figures"]["waiting_time_s.mean"]
    assert main(["replay", str(path), *mapping[:-1], "--discipline", "backfill"]) == 0
    assert "--discipline backfill --what capacity.gpu" in capsys.readouterr().out, "the search is under the same one"
    assert waits["fifo"] == pytest.approx((0 + 99 + 198) / 3) and waits["backfill"] == pytest.approx((0 + 99 + 0) / 3)


def test_the_column_of_teams_is_what_fair_share_goes_by(tmp_path):
    """At 100 a GPU is free, while vision still has the other one: under fair-share speech is next, although it came later."""
    path = tmp_path / "t.csv"
    path.write_text("submitted,run,team\n0,100,vision\n1,100,vision\n2,100,vision\n3,100,speech\n")
    kept = tmp_path / "out.parquet"
    arguments = ["--capacity", "gpu=2", "--parquet", str(kept), "--laws", "on"]
    waited = {}
    for discipline in ("fifo", "fair-share"):
        assert main(["replay", str(path), *arguments, "--discipline", discipline]) == 0
        waited[discipline] = list(pytest.importorskip("pandas").read_parquet(kept)["waited_s"])
    assert waited["fifo"] == [0, 0, 98, 98] and waited["fair-share"] == [0, 0, 99, 97]


def test_the_journal_is_judged_like_any_other(table, tmp_path, capsys):
    journal = tmp_path / "out.jsonl"
    assert replay(table, "--capacity", "gpu=2", "--journal", str(journal)) == 0
    assert main(["check", str(journal)]) == 0
    assert "no law broken" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--capacity", "gpu"], "--capacity: got 'gpu', expected KIND=COUNT"),
        (["--capacity", "gpu=-2"], "--capacity: got 'gpu=-2'"),
        (
            ["--capacity", "gpus=2"],
            "--capacity: got 'gpus', expected a kind of instances that jobs of the table want; did you",
        ),
        (["--price", "gpus=2"], "--price: got 'gpus', expected a kind"),
        (["--price", "gpu=x"], "--price: got 'gpu=x', expected KIND=US dollars an hour"),
        (["--price", "gpu=nan"], "--price: got 'gpu=nan'"),
        (["--prices", "none.toml"], "none.toml"),
        (["--discipline", "lifo"], "did you mean 'fifo'"),
        (["--laws", "maybe"], "--laws: got 'maybe'"),
    ],
)
def test_mistakes_are_named_and_nothing_is_run(table, tmp_path, capsys, more, message):
    journal = tmp_path / "out.jsonl"
    assert replay(table, "--journal", str(journal), *more) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.out == "" and not journal.exists()


def test_rows_that_cannot_be_read_are_left_out_only_when_asked(table, capsys):
    assert main(["replay", table, "--mapping", MAPPING, "--capacity", "gpu=2"]) == 2
    captured = capsys.readouterr()
    assert (
        "1 records cannot be taken (--skip leaves them out):\n  t.csv:7: run: empty" in captured.err
        and captured.out == ""
    )


def test_the_columns_are_guessed_and_the_search_is_pointed_to(table, capsys):
    assert main(["replay", table, "--skip", "--capacity", "gpu=2"]) == 2
    assert "columns whose names say submit; say it yourself: --mapping submit=COLUMN" in capsys.readouterr().err
    with open(table) as file:
        text = file.read()
    with open(table, "w") as file:
        file.write(text.replace("job,at,", "job,submitted,"))
    assert main(["replay", table, "--skip", "--capacity", "gpu=2"]) == 0
    out = capsys.readouterr().out
    assert (
        "mapping submit=submitted,duration=run,size=gpus,name=job; submitted: seconds from any beginning; run: seconds."
        in out
    )
    assert f"hptsim plan --trace {table} --skip --what capacity.gpu --target" in out


def test_a_mapping_part_without_a_sign_is_no_mapping(table, capsys):
    """It was dropped in silence once, and the jobs had one GPU each."""
    assert main(["replay", table, "--mapping", "submit=at,duration=run,sizegpus", "--skip", "--capacity", "gpu=2"]) == 2
    assert "mapping: got 'sizegpus', expected PART=COLUMN between commas; parts are: submit" in capsys.readouterr().err


def test_what_the_table_says_of_costs_is_added_up(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("submitted,run,usd\n0,5,1.25\n1,5,2\n")
    assert main(["replay", str(path), "--capacity", "gpu=2"]) == 0
    assert "By the table's own account all that was taken cost 3.25 US dollars." in capsys.readouterr().out


def test_a_table_of_nothing_is_replayed(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("job,at,run,gpus\n")
    assert main(["replay", str(path), "--mapping", MAPPING, "--capacity", "gpu=1"]) == 0
    assert "0 taken, 0 left out." in capsys.readouterr().out


def test_a_quota_for_every_kind_is_one_for_the_kinds_that_jobs_want(table, capsys):
    assert replay(table, "--capacity", "*=2", "--capacity", "no-gpu=9", "--json") == 0
    others = json.loads(capsys.readouterr().out)
    assert replay(table, "--capacity", "gpu=2", "--capacity", "no-gpu=9", "--json") == 0
    named = json.loads(capsys.readouterr().out)
    assert others.pop("capacity") == {"*": 2, "no-gpu": 9} and named.pop("capacity") == {"gpu": 2, "no-gpu": 9}
    assert others == named and others["table"]["want_nothing_limited"] == 0
    assert replay(table, "--capacity", "*=2") == 0
    out = capsys.readouterr().out
    assert "utilization of gpu" in out and "utilization of *" not in out
