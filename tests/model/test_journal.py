"""The log: round trips, and what a damaged, foreign or cut file says of itself."""

import json
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from zlib import crc32

import attrs
import pytest
from examples import checked
from extras import CLI
from hypothesis import given
from hypothesis import strategies as st

import hptsim
from hptsim import Journal, Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.cli.check import audit_saved
from hptsim.cli.run import demo
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import THINGS, Record, read, steps
from hptsim.model.payloads import PAYLOADS, Failed, Reused
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.testing import scenarios
from hptsim.views.chart_data import gantt_rows

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


@pytest.mark.parametrize("keep", [True, False])
def test_a_journal_is_on_disk_when_a_command_a_step_or_a_run_returns(tmp_path, keep):
    file = tmp_path / "out.jsonl"
    sim = Simulation(attrs.evolve(SMALL, tuning_jobs=()), journal=Journal(file, keep=keep))

    def on_disk():
        saved = read(file)
        assert saved.damage == f"{file}: it has no closing line: the run did not end, or the tail is missing; " + (
            f"read {len(saved.records)} entries"
        )
        return len(saved.records)

    assert on_disk() == 0
    for act in (
        lambda: sim.create_tuning_job(TuningJobSpec("a")),
        sim.step,
        lambda: sim.run(until=10),
        lambda: sim.stop_tuning_job("a"),
        lambda: sim.fire(*sim.armed[0]),
        sim.run,
    ):
        before = on_disk()
        act()
        assert on_disk() == len(sim.journal) > before


@pytest.mark.long
def test_a_journal_is_on_disk_in_batches_while_it_is_written(tmp_path):
    file = tmp_path / "out.jsonl"
    sim = Simulation(attrs.evolve(SMALL, tuning_jobs=()), laws=False, journal=Journal(file))
    spec = TuningJobSpec("a", limits=ResourceLimits(750, 10))
    seen = []

    def look(env):
        while True:
            yield env.timeout(25)
            seen.append((len(sim.journal), read(file)))

    sim.env.process(look(sim.env))
    sim.create_tuning_job(spec)
    sim.run(until=1200)
    assert seen[-1][0] > 3000
    for count, saved in seen:
        assert count - 1000 < len(saved.records) <= count and "no closing line" in saved.damage


def test_a_journal_that_is_no_longer_in_use_is_closed(tmp_path):
    file = tmp_path / "out.jsonl"
    sim = Simulation(SMALL, journal=Journal(file))
    sim.run(until=15)
    count = len(sim.journal)
    del sim
    assert read(file).damage == "" and len(read(file).records) == count
    assert read(file).until_s == 15 > read(file).records[-1].time_s


@pytest.mark.parametrize("keep", [True, False])
def test_a_journal_says_until_when_its_run_went(tmp_path, keep):
    sim = Simulation(SMALL, journal=Journal(tmp_path / "out.jsonl", keep=keep))
    sim.run(until=11.5)
    assert read(sim.journal.path).until_s is None, "it is not closed yet"
    sim.run(until=1000)
    sim.journal.close()
    saved = read(sim.journal.path)
    assert (saved.damage, saved.records[-1].time_s, saved.until_s) == ("", 12, 1000)


def test_a_journal_that_nobody_told_the_time_went_until_its_last_entry(tmp_path):
    log = Journal(tmp_path / "out.jsonl")
    sim = Simulation(SMALL, journal=log)
    sim.env.run(until=4)  # simpy's own, of which the journal does not hear
    log.close()
    assert read(log.path).until_s == read(log.path).records[-1].time_s == 3
    empty = Journal(tmp_path / "empty.jsonl")
    Simulation(SMALL, journal=empty).journal.close()
    assert (read(empty.path).damage, read(empty.path).until_s) == ("", 0)


def test_a_run_went_at_least_until_its_last_entry_whatever_a_caller_says(tmp_path):
    log = Journal(tmp_path / "run.jsonl")
    sim = Simulation(SMALL, journal=log)
    sim.run()
    log.flush(sim.now / 2)
    log.close()
    saved = read(log.path)
    assert (saved.damage, saved.until_s) == ("", sim.now)


ENDS = {
    "its end": ("", 0, ""),
    "an exception": ("raise RuntimeError", 1, ""),
    "Ctrl-C": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", -2, ""),
    "a kill": ("os.kill(os.getpid(), signal.SIGKILL)", -9, "no closing line: the run did not end"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_journal_is_whole_however_its_process_ends(tmp_path, end):
    file, (last, code, damage) = tmp_path / "out.jsonl", ENDS[end]
    program = f"""
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from hptsim import Journal, Simulation
from hptsim.cli.run import demo
sim = Simulation(demo(), journal=Journal(sys.argv[1]))
sim.run(until=1000)
print(len(sim.journal), flush=True)
{last}
"""
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True)
    saved = read(file)
    assert done.returncode == code and len(saved.records) == int(done.stdout) > 50
    assert damage in saved.damage and bool(damage) == bool(saved.damage)


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


@pytest.mark.long
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
        ('{"hptsim": "2", "account": {}}\n', "no journal of hptsim"),
        ("[" * 100_000, "no journal of hptsim"),
        ('{"t": 0, "thing": "tuning"}\n', "no journal of hptsim"),
        ("PK\x03\x04\x00\udcff", "no journal of hptsim"),
    ],
)
def test_a_foreign_file_is_refused_with_line_and_cause(tmp_path, capsys, text, cause):
    file = tmp_path / "x.jsonl"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidInput, match=rf"x\.jsonl:1: this is {cause}"):
        read(file)
    assert checked(file) == 2
    assert "x.jsonl:1: " in capsys.readouterr().err


def test_a_missing_file_and_a_folder_are_named(tmp_path, capsys):
    for file in (tmp_path / "nowhere.jsonl", tmp_path):
        with pytest.raises(InvalidInput, match="expected a readable journal file"):
            read(file)
        assert checked(file) == 2
        assert str(file) in capsys.readouterr().err


def sealed(lines):
    """*lines* (given as text without checksums) as a file in which every checksum is right."""
    crc, text = 0, ""
    for one in lines:
        crc = crc32(one[:-1].encode(), crc)
        text += f'{one[:-1]}, "crc": "{crc:08x}"}}\n'
    return text


def bare(path):
    """The lines of a journal without their checksums."""
    return [re.sub(r', "crc": "[0-9a-f]{8}"}$', "}", one) for one in path.read_text().splitlines()]


def line(path, number, change):
    """Replace line *number* (from 1) by what *change* makes of its entry (plain data or text), with right checksums."""
    lines = bare(path)
    entry = change(json.loads(lines[number - 1]))
    lines[number - 1] = entry if isinstance(entry, str) else json.dumps(entry)
    path.write_text(sealed(lines))


def test_a_file_with_its_checksums_made_anew_is_the_same_file(path):
    assert sealed(bare(path)) == path.read_text()


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda entry: "garbage", "Expecting value"),
        (lambda entry: [1, 2], "Expecting|not a journal entry"),
        (lambda entry: {**entry, "more": 1}, "not a journal entry"),
        (lambda entry: {**entry, "thing": "cat"}, "no thing is called 'cat'"),
        (lambda entry: {**entry, "name": 7}, "not a journal entry"),
        (lambda entry: {**entry, "step": "first"}, "not a journal entry"),
        (lambda entry: {**entry, "t": "soon"}, "the time is 'soon'"),
        (lambda entry: {**entry, "t": float("nan")}, "the time is nan"),
        (lambda entry: json.dumps(entry).replace('"t": 3.0', '"t": 1e999'), "the time is inf"),
        (lambda entry: {**entry, "t": 10**400}, "too large"),
        (lambda entry: json.dumps(entry).replace('"t": 3.0', '"t": ' + 5000 * "9"), "digits"),
        (lambda entry: json.dumps({**entry, "data": 0})[:-2] + 99_999 * "[" + 99_999 * "]" + "}", "nested too deeply"),
        (lambda entry: {**entry, "t": -1.0}, "time runs back"),
        (lambda entry: {**entry, "data": {"surprise": 1}}, "training ready comes with"),
        (lambda entry: {"end": 3, "until_s": 9.0}, "it should close 3 entries, there are 14"),
        (lambda entry: {"end": 14}, "not a journal entry"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_with_its_cause_and_all_before_it_is_kept(path, capsys, change, cause):
    before = read(path).records
    assert (before[14].trigger, before[14].time_s) == ("ready", 3.0)
    line(path, 16, change)
    saved = read(path)
    assert saved.records == before[:14]
    assert re.search(rf"out\.jsonl:16: damaged \(.*({cause}).*\); read up to there: 14 entries", saved.damage)
    assert checked(path) == 2
    assert "out.jsonl:16: damaged" in capsys.readouterr().out


@pytest.mark.parametrize("until_s", [11.9, None, "soon", float("nan"), float("inf"), [12]])
def test_a_run_that_went_until_no_time_after_its_last_entry_is_damage(path, until_s):
    before, count = read(path).records, len(bare(path))
    line(path, count, lambda entry: {**entry, "until_s": until_s})
    saved = read(path)
    assert (saved.records, saved.until_s) == (before, None)
    assert f":{count}: damaged (the run went until {until_s!r}; its last entry is at 12 s)" in saved.damage


@pytest.mark.parametrize("edit", ["swap", "drop", "repeat", "change"])
def test_lines_that_were_edited_by_hand_are_damage(path, edit):
    lines = path.read_text().splitlines(keepends=True)
    before = read(path).records
    if edit == "swap":
        lines[9:11] = reversed(lines[9:11])
    elif edit == "drop":
        del lines[9]
    elif edit == "repeat":
        lines.insert(9, lines[8])
    else:
        lines[9] = lines[9].replace('"name": "a', '"name": "b')
    path.write_text("".join(lines))
    saved = read(path)
    assert saved.damage.startswith(f"{path}:10: damaged (its checksum is wrong)") and saved.records == before[:8]


@pytest.mark.long
def test_of_two_thousand_flipped_bits_none_is_blamed_on_the_twin(path):
    """Each is reported as damage, or refused, or did no harm."""
    whole, records, rng = path.read_bytes(), read(path).records, random.Random(11)
    answers, judged = Counter(), set()
    for _ in range(2000):
        at, bit = rng.randrange(len(whole)), rng.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        try:
            saved = read(path)
        except InvalidInput:
            answers["refused"] += 1
            continue
        assert saved.damage or saved.records == records
        assert saved.records == records[: len(saved.records)]
        if (length := (len(saved.records), bool(saved.damage))) not in judged:
            audit_saved(saved)  # raises LawBroken if the twin is blamed
            judged.add(length)
        answers["damage" if saved.damage else "harmless"] += 1
    assert answers["damage"] > 1000 and answers["refused"] > 10 and answers["harmless"] < 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"hptsim": 4, "version": "0.9"},
            "the journal is in format 4, of hptsim 0.9; this version of hptsim reads formats 1, 2, 3",
        ),
        ({"hptsim": 10**30}, "the journal is in format 1000000000000000000000000000000, of hptsim"),
        ({"color": "blue"}, "unknown key 'color' in the header; known are hptsim, version, scenario"),
    ],
)
def test_a_header_of_another_version_is_named(path, capsys, change, says):
    line(path, 1, lambda header: {**header, **change})
    with pytest.raises(InvalidInput, match=re.escape(f"{path}:1: {says}")):
        read(path)
    assert checked(path) == 2
    assert says in capsys.readouterr().err


def test_the_header_says_which_version_wrote_it(path):
    assert read(path).header["version"] == hptsim.__version__


FORMAT_1 = Path(__file__).parent / "journal_format_1.jsonl"
"""A journal as hptsim wrote it before it had checksums and steps: stops, a refused call, a fallback, a warm pool."""


FORMAT_2 = FORMAT_1.with_name("journal_format_2.jsonl")
"""A journal of the small scenario as hptsim wrote it before a journal said until when its run went."""


def in_seven_digits(record):
    """The data of a record, with metrics in log lines as they were printed then."""
    if record.thing != "log":
        return record.data
    return re.sub(r"(?<==)[0-9.]+", lambda found: f"{float(found[0]):.7g}", record.data)


def test_a_journal_of_format_2_is_still_read_and_does_not_say_until_when_it_went(path, capsys):
    saved = read(FORMAT_2)
    assert (saved.damage, saved.until_s) == ("", None)
    assert saved.records == [one._replace(data=in_seven_digits(one)) for one in read(path).records]
    assert checked(FORMAT_2) == 0
    assert "43 entries, no law broken; witnessed: " in capsys.readouterr().out


def test_a_journal_of_format_2_that_says_more_is_damaged(tmp_path):
    file = tmp_path / "old.jsonl"
    file.write_bytes(FORMAT_2.read_bytes())
    line(file, 45, lambda entry: {**entry, "until_s": 20.0})
    assert "old.jsonl:45: damaged (not a journal entry)" in read(file).damage


def test_a_journal_of_format_1_is_still_read_and_keeps_the_laws(capsys):
    saved = read(FORMAT_1)
    assert saved.damage == "" and len(saved.records) == 80 and saved.header["seed"] == 3
    assert checked(FORMAT_1) == 0
    assert "80 entries, no law broken; witnessed: " in capsys.readouterr().out
    taken = [len(step) for step in steps(saved.records)]
    assert taken == [5, 3, 5, 1, 3, 5, 1, 2, 4, 1, 1, 2, 2, 2, 1, 2, 4, 3, 2, 1, 4, 1, 1, 6, 1, 2, 1, 3, 3, 2, 4, 1, 1]


def test_a_journal_of_format_1_shows_what_came_with_its_entries():
    records = read(FORMAT_1).records
    payloads = {(one.thing, one.trigger): one.data for one in records if one.data is not None}
    assert {kind: type(data) for kind, data in payloads.items()} == {kind: PAYLOADS[kind] for kind in payloads}
    assert payloads["warm_pool", "reuse"] == Reused("second")
    assert payloads["reservation", "move"].change == {"ml.m5.xlarge": -1, "ml.c5.xlarge": 1}
    created = [one.data for one in records if (one.thing, one.trigger) == ("training", "create")]
    assert [one.standalone is None for one in created] == [False, True, True, False]
    assert created[0].standalone.request == {"RoleArn": "arn"} and created[0].standalone.keep_alive_s == 300
    assert any(row.phase == "Training" for row in gantt_rows(records))


def test_a_journal_of_format_1_is_what_the_same_scenario_says_today(tmp_path):
    """All but the reason of a tuning job's failure, which format 1 did not have, and the digits of metrics."""
    old = read(FORMAT_1).records
    file = tmp_path / "again.jsonl"
    sim = rerun_format_1(file)
    sim.journal.close()
    new = read(file).records
    assert [one[:6] for one in new] == [one[:6] for one in old]
    failed = {place for place, one in enumerate(new) if (one.thing, one.destination) == ("tuning", "Failed")}
    assert [new[place].data.reason[:30] for place in failed] == ["All training jobs failed. Plea"]
    assert [in_seven_digits(one) for place, one in enumerate(new) if place not in failed] == [
        one.data for place, one in enumerate(old) if place not in failed
    ]
    assert list(map(len, steps(new))) == list(map(len, steps(old)))


def rerun_format_1(file):
    """The run that wrote the file of format 1, into *file* as journals are today."""
    sim = Simulation(format_1_scenario(), seed=3, journal=Journal(file))
    definition = TrainingJobDefinition(
        instances=InstanceRequest("ml.g5.xlarge"), keep_alive_s=300, request={"RoleArn": "arn"}
    )
    sim.create_training_job("first", definition)
    sim.run(until=280)
    sim.create_training_job("second", attrs.evolve(definition, keep_alive_s=0))
    sim.run()
    sim.delete_training_job("second")
    sim.delete_tuning_job("b")
    return sim


def format_1_scenario():
    definition = TrainingJobDefinition(
        checkpoint_uri="s3://b/c", max_retries=1, alternatives=(InstanceRequest("ml.c5.xlarge"),)
    )
    rate = ParameterRange("rate", "Continuous", 0.0, 1.0)
    return Scenario(
        name="format 1",
        capacity={"ml.m5.xlarge": 2},
        timings=Timings(
            starting_s=10,
            downloading_s=10,
            training_s=100,
            uploading_s=5,
            teardown_s=30,
            checkpoint_s=60,
            stop_propagation_s=3,
        ),
        script=Script("save", 20),
        faults=Faults(shortage_by_type={"ml.m5.xlarge": 1.0}),
        assumptions=Assumptions(admission="queue"),
        tuning_jobs=(
            ScheduledTuningJob(TuningJobSpec("a", (definition,), ResourceLimits(2, 1)), 0.0, 90.0),
            ScheduledTuningJob(TuningJobSpec("a"), 1.0),
            ScheduledTuningJob(TuningJobSpec("b", ranges=(rate,), early_stopping=True), 5.0),
        ),
    )


def test_a_failed_tuning_job_says_why():
    sim = Simulation(failing())
    sim.run()
    (end,) = [one for one in sim.journal if (one.thing, one.trigger) == ("tuning", "finish")]
    assert end.data == Failed(sim.tuning_job("a").failure_reason) and "All training jobs failed." in end.data.reason


def failing():
    faults = Faults(client_error=1.0)
    return attrs.evolve(SMALL, faults=faults, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))


@pytest.mark.parametrize(
    ("thing", "change", "cause"),
    [
        ("occupancy", {"name": "ghost"}, "KeyError: 'ghost'"),
        ("reservation", {"data": {"holder": "ghost", "amounts": {}, "change": None}}, "KeyError: 'ghost'"),
        (
            "training",
            {"data": {"tuning_job": "a", "definition": 7, "hyperparameters": {}, "standalone": None}},
            "IndexError",
        ),
        (
            "training",
            {"data": {"tuning_job": "training-job/x", "definition": 0, "hyperparameters": {}, "standalone": None}},
            "KeyError",
        ),
    ],
)
def test_an_entry_of_another_journal_is_named_with_its_line(path, capsys, thing, change, cause):
    number = 2 + [record.thing for record in read(path).records].index(thing)
    line(path, number, lambda entry: {**entry, **change})
    assert checked(path) == 2
    assert re.search(rf"out\.jsonl:{number}: not understood \(({cause})", capsys.readouterr().err)


ODD = [None, 10**400, -1, 1.5, "x", [], {}, True, float("nan")]


def places(value, path=()):
    """The keys that lead to each value within plain data."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))


def with_odd(entry, path, odd):
    copy = json.loads(json.dumps(entry))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    return json.dumps(copy)


@pytest.mark.long
def test_no_odd_value_anywhere_makes_check_stumble(tmp_path, capsys):
    """Not even with right checksums: one value of each kind of entry at a time is replaced, without those of requests."""
    path = tmp_path / "out.jsonl"
    sim = rerun_format_1(path)
    sim.journal.close()
    lines, tried, answers = bare(path), set(), Counter()
    for number, text in enumerate(lines):
        entry = json.loads(text)
        for place in places(entry):
            kind = (entry.get("thing"), entry.get("trigger"), *place)
            if kind in tried or "request" in place:
                continue
            tried.add(kind)
            for odd in (ODD[len(tried) % len(ODD)], 10**400):
                path.write_text(sealed([*lines[:number], with_odd(entry, place, odd), *lines[number + 1 :]]))
                answers[main(["check", str(path)])] += 1
    capsys.readouterr()
    assert set(answers) == {0, 2, 3} and answers[2] > 200


@pytest.mark.parametrize("account", [{}, {"capacity": {}, "limits": {"cats": 1}, "assumptions": {}}, 3])
def test_a_header_that_makes_no_sense_is_named(path, capsys, account):
    line(path, 1, lambda header: {**header, "account": account})
    assert checked(path) == 2
    assert "out.jsonl:1: " in capsys.readouterr().err


def test_what_follows_the_closing_line_is_damage(path):
    path.write_text(2 * path.read_text())
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
    assert checked(file) in (0, 2, 3)


@CLI
def test_a_journal_cannot_be_written_where_there_is_no_folder(tmp_path, capsys):
    assert main(["run", "--journal", str(tmp_path / "no" / "where.jsonl"), "--json"]) == 2
    assert "where.jsonl" in capsys.readouterr().err


def test_refused_calls_are_in_the_journal_and_change_nothing(path):
    (refused,) = [record for record in read(path).records if record.thing == "refused"]
    assert (refused.name, refused.trigger, refused.time_s) == ("A", "create", 1.0)
    assert refused.data.startswith("ResourceInUse: ")
    with pytest.raises(ServiceError, match="already exists"):
        Simulation(SMALL).run() or write(path).create_tuning_job(TuningJobSpec("a"))
