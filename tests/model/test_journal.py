"""The log: round trips, and what a damaged, foreign or cut file says of itself."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim import Journal, Scenario, Simulation, TuningJobSpec
from hptsim.cli.commands import demo, main
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.definitions import ResourceLimits
from hptsim.model.journal import THINGS, Record, read
from hptsim.scenario.cloud import Timings
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.testing import scenarios

SMALL = Scenario(
    name="small",
    timings=Timings(starting_s=3, training_s=20, uploading_s=2),
    tuning_jobs=(
        ScheduledTuningJob(TuningJobSpec("a", limits=ResourceLimits(2, 2)), 0.0, 10.0),
        ScheduledTuningJob(TuningJobSpec("A"), 1.0),
    ),
)


def write(path, scenario=SMALL, **more):
    log = Journal(path, **more)
    sim = Simulation(scenario, journal=log)
    sim.run()
    log.close()
    return sim


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "out.jsonl"
    write(file)
    return file


@given(scenario=scenarios())
def test_what_is_written_to_disk_is_read_back_equal(tmp_path_factory, scenario):
    file = tmp_path_factory.mktemp("journal") / "out.jsonl"
    sim = write(file, scenario, keep=True)
    saved = read(file)
    assert saved.damage == "" and saved.records == list(sim.journal)
    assert saved.account == scenario.account
    assert saved.header["scenario"] == scenario.name and saved.header["seed"] == 0


def test_a_journal_of_requests_as_people_have_them_reads_back_equal(tmp_path):
    sim = write(tmp_path / "demo.jsonl", demo(), keep=True)
    assert read(tmp_path / "demo.jsonl").records == list(sim.journal)


def test_a_journal_in_a_file_can_be_read_while_it_is_written(tmp_path):
    log = Journal(tmp_path / "out.jsonl", keep=False)
    sim = Simulation(SMALL, journal=log)
    sim.run(until=5)
    log.flush()
    assert log.entries == [] and len(log) == len(list(log)) > 5
    sim.run()
    log.close()
    assert len(log) == len(read(tmp_path / "out.jsonl").records)
    assert sum(log.counts.values()) == len(log)


def test_counts_only_counts_and_cannot_be_read():
    log = Journal(keep=False)
    sim = Simulation(SMALL, journal=log)
    sim.run()
    assert log.counts["training", "create"] == 2 and log.counts["tuning", "stop"] == 1
    assert log.counts["refused", "create"] == 1
    assert sum(log.counts.values()) == len(log)
    with pytest.raises(InvalidInput, match="journal: got 'counts only'"):
        list(log)


def test_every_thing_that_is_written_is_known():
    sim = Simulation(demo())
    sim.run()
    assert {record.thing for record in sim.journal} <= set(THINGS)


def test_a_record_in_words():
    record = Record(12.5, "training", "a-001-0f", "stop", "Training", "Stopping", None)
    assert str(record) == "      12.5 s  training a-001-0f stop: Training → Stopping"
    assert str(record._replace(thing="log", trigger="", source="", data="loss=3")).endswith("log a-001-0f  loss=3")


def test_a_file_that_is_cut_anywhere_is_read_up_to_there_and_says_so(path, tmp_path):
    whole = path.read_bytes()
    records = read(path).records
    cut = tmp_path / "cut.jsonl"
    first = whole.index(b"\n") + 1
    for length in range(first, len(whole) - 1, 7):
        cut.write_bytes(whole[:length])
        saved = read(cut)
        lines = whole[:length].count(b"\n") - 1
        assert lines <= len(saved.records) <= lines + 1 and saved.records == records[: len(saved.records)]
        assert saved.damage.startswith(f"{cut}:") and f"{len(saved.records)} entries" in saved.damage
    cut.write_bytes(whole[:-1])
    assert read(cut).damage == "", "only the last newline is missing"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "no journal of hptsim"),
        ("hello\n", "no journal of hptsim"),
        ("[]\n", "no journal of hptsim"),
        ("{}\n", "no journal of hptsim"),
        ('{"hptsim": 99, "account": {}}\n', "no journal of hptsim"),
        ('{"t": 0, "thing": "tuning"}\n', "no journal of hptsim"),
        ("PK\x03\x04\x00\udcff", "no journal of hptsim"),
    ],
)
def test_a_foreign_file_is_refused_with_line_and_cause(tmp_path, capsys, text, cause):
    file = tmp_path / "x.jsonl"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidInput, match=rf"x\.jsonl:1: this is {cause}"):
        read(file)
    assert main(["check", str(file)]) == 2
    assert "x.jsonl:1: " in capsys.readouterr().err


def test_a_missing_file_and_a_folder_are_named(tmp_path, capsys):
    for file in (tmp_path / "nowhere.jsonl", tmp_path):
        with pytest.raises(InvalidInput, match="expected a readable journal file"):
            read(file)
        assert main(["check", str(file)]) == 2
        assert str(file) in capsys.readouterr().err


def line(path, number, change):
    """Replace line *number* (from 1) by what *change* makes of its entry, given as plain data or text."""
    lines = path.read_text().splitlines()
    entry = change(json.loads(lines[number - 1]))
    lines[number - 1] = entry if isinstance(entry, str) else json.dumps(entry)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda entry: "garbage", "Expecting value"),
        (lambda entry: "", "Expecting value"),
        (lambda entry: [1, 2], "not a journal entry"),
        (lambda entry: {**entry, "more": 1}, "not a journal entry"),
        (lambda entry: {**entry, "thing": "cat"}, "no thing is called 'cat'"),
        (lambda entry: {**entry, "t": "soon"}, "no thing is called|time"),
        (lambda entry: {**entry, "t": -1.0}, "time runs back"),
        (lambda entry: {"end": 3}, "it should close 3 entries, there are 8"),
    ],
)
def test_a_corrupted_line_is_named_with_its_cause_and_all_before_it_is_kept(path, capsys, change, cause):
    before = read(path).records
    line(path, 10, change)
    saved = read(path)
    assert saved.records == before[:8]
    assert re.search(rf"out\.jsonl:10: damaged \(.*({cause}).*\); read up to there: 8 entries", saved.damage)
    assert main(["check", str(path)]) == 2
    assert "out.jsonl:10: damaged" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("thing", "change", "cause"),
    [
        ("occupancy", {"name": "ghost"}, "KeyError: 'ghost'"),
        ("reservation", {"data": None}, "TypeError"),
        ("reservation", {"data": {"holder": "ghost", "amounts": {}}}, "KeyError: 'ghost'"),
        ("training", {"data": {"tuning_job": "a", "definition": 7}}, "IndexError"),
    ],
)
def test_an_entry_of_another_journal_is_named_with_its_line(path, capsys, thing, change, cause):
    number = 2 + [record.thing for record in read(path).records].index(thing)
    line(path, number, lambda entry: {**entry, **change})
    assert main(["check", str(path)]) == 2
    assert re.search(rf"out\.jsonl:{number}: foreign \(({cause})", capsys.readouterr().err)


@pytest.mark.parametrize("account", [{}, {"capacity": {}, "limits": {"cats": 1}, "assumptions": {}}, 3])
def test_a_header_that_makes_no_sense_is_named(path, capsys, account):
    line(path, 1, lambda header: {**header, "account": account})
    assert main(["check", str(path)]) == 2
    assert "out.jsonl:1: " in capsys.readouterr().err


def test_what_follows_the_closing_line_is_damage(path):
    path.write_text(2 * path.read_text())
    assert read(path).damage


def test_a_time_that_is_no_number_is_damage(path):
    line(path, 10, lambda entry: {**entry, "t": float("nan")})
    assert read(path).damage


@given(data=st.data())
def test_whatever_befalls_a_file_check_answers_and_never_stumbles(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("fuzz") / "out.jsonl"
    write(file)
    whole = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 30))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"\n", b'"', b"0"])
        )
        if not whole:
            break
    file.write_bytes(whole)
    assert main(["check", str(file)]) in (0, 2, 3)


def test_a_journal_cannot_be_written_where_there_is_no_folder(tmp_path, capsys):
    assert main(["run", "--journal", str(tmp_path / "no" / "where.jsonl"), "--json"]) == 2
    assert "where.jsonl" in capsys.readouterr().err


def test_refused_calls_are_in_the_journal_and_change_nothing(path):
    (refused,) = [record for record in read(path).records if record.thing == "refused"]
    assert (refused.name, refused.trigger, refused.time_s) == ("A", "create", 1.0)
    assert refused.data.startswith("ResourceInUse: ")
    with pytest.raises(ServiceError, match="already exists"):
        Simulation(SMALL).run() or write(path).create_tuning_job(TuningJobSpec("a"))
