"""The data of a film: it says what the journal says, in few words, and goes on to now."""

import pytest
from examples import TIMINGS, simulation

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import LawBroken
from hptsim.model.journal import Journal, Saved, read
from hptsim.model.specification import clauses
from hptsim.model.wording import sentence
from hptsim.views.recording import recording
from views.films import SILENT, broken, entries_of, stopped
from views.test_warm_pools import pooled


def test_every_entry_is_there_with_its_sentence():
    sim = stopped()
    data = recording(sim)
    data["kinds"] = [list(kind) for kind in data["kinds"]]
    assert entries_of(data) == [(tuple(record[:6]), sentence(record)) for record in sim.journal]
    assert len(data["phrases"]) < len(data["entries"])


def test_every_row_and_what_it_rests_on_is_there_with_its_grade_and_source():
    data = recording(stopped())
    assert data["rows"]["training|stop|Training|Stopping"]["rests_on"] == "J11"
    for (_, thing, _, *row), _ in entries_of(data):
        if thing in ("tuning", "training", "reservation"):
            rests_on = data["rows"]["|".join((thing, *row))]["rests_on"]
            assert rests_on and data["sources"][rests_on]
    row = clauses()["J11"]
    assert data["sources"]["J11"] == [("J11", row.says, row.grade, row.source)] and row.source
    assert {law["rests_on"] for law in data["laws"]} <= data["sources"].keys()
    assumed = next(found for rests_on, found in data["sources"].items() if rests_on.endswith("cluster-reuse"))
    assert assumed[-1][0] == "cluster-reuse" and assumed[-1][2] == "assumption"


def test_lanes_charts_and_chapters_say_what_happened():
    data = recording(stopped())
    assert data["pools"] == [{"name": "ml.m5.xlarge", "limit": 2, "rows": [(0, 1, 1), (75, 0, 0)]}]
    assert data["stored"][-1] == (75, 1, 2) and data["end"] == 75
    tuning, training = data["lanes"]
    assert (tuning["training"], tuning["ended"], training["ended"]) == ("", "Stopped", "Stopped")
    place, begin, end = training["spans"][2]
    assert (data["phases"][place], begin, end) == (["Training", "var(--work)"], 20, 50)
    spans = [span for lane in data["lanes"] for span in lane["spans"]]
    assert {place for place, _, _ in spans} == set(range(len(data["phases"]))), "the legend names what there is to see"
    chapter = data["chapters"][data["opening"]]
    assert chapter[:3] == (50, "stop", "one") and "stays reserved until then" in chapter[3] and chapter[4:] == (75, 1)
    assert data["left_out"] == {}


def test_a_warm_pool_has_a_lane_below_that_of_its_training_job():
    data = recording(pooled())
    assert [(lane["training"], lane.get("pool")) for lane in data["lanes"]] == [
        ("first", None),
        ("first", {"end": "taken over by second"}),
        ("second", None),
        ("second", {"end": "given up, for its keep-alive period is over"}),
    ]
    occupied, reserved = data["lanes"][1]["spans"]
    assert data["phases"][occupied[0]] == ["InUse", "var(--work)"]
    assert data["phases"][reserved[0]] == ["Available", "var(--idle)"]
    assert reserved[1:] == [135, 280, "2 ml.m5.xlarge", "reserved for a next job"]
    assert recording(pooled(until=500))["lanes"][-1]["spans"][-1][1:3] == [385, 500]
    assert all("pool" not in lane for lane in recording(stopped())["lanes"]), "only where there are warm pools"


def test_a_run_is_shown_until_now_and_what_has_not_ended_goes_on():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=90)
    data = recording(sim)
    last_s = list(sim.journal)[-1].time_s
    assert data["end"] == 90 > last_s
    assert {(lane["spans"][-1][2], lane["ended"]) for lane in data["lanes"]} == {(90, "")}
    assert recording(list(sim.journal))["end"] == last_s, "records do not say until when"


def test_a_file_is_shown_until_the_time_until_which_its_run_went(tmp_path):
    sim = Simulation(Scenario(timings=TIMINGS), journal=Journal(tmp_path / "run.jsonl"))
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=90)
    sim.journal.close()
    saved = read(tmp_path / "run.jsonl")
    data = recording(saved)
    assert data["end"] == 90 > saved.records[-1].time_s
    assert {lane["spans"][-1][2] for lane in data["lanes"]} == {90}
    assert recording(saved._replace(until_s=None))["end"] == saved.records[-1].time_s


def test_a_file_has_the_dates_of_its_scenario_and_bare_records_have_none():
    sim = stopped(epoch="2025-03-01T08:00:00+01:00")
    header = {"scenario": "a", "epoch": sim.scenario.epoch}
    assert recording(sim)["epoch"] == "2025-03-01T08:00:00+01:00"
    assert recording(list(sim.journal))["epoch"] == ""
    account = {"capacity": {}, "limits": {}, "assumptions": {}}
    assert recording(Saved({**header, "account": account}, list(sim.journal), ""))["epoch"] == sim.scenario.epoch


def test_of_thousands_of_chapters_some_kinds_are_left_out_and_counted(monkeypatch):
    monkeypatch.setattr("hptsim.views.recording._MOST_CHAPTERS", 2)
    data = recording(stopped())
    assert [chapter[1] for chapter in data["chapters"]] == ["begin", "stop"] and data["left_out"] == {
        "end": 1,
        "release": 1,
    }


def test_a_broken_law_ends_the_film_at_its_event_and_is_what_it_opens_on():
    sim = Simulation(Scenario(timings=TIMINGS), tables=SILENT)
    sim.create_tuning_job(TuningJobSpec("one"))
    with pytest.raises(LawBroken) as raised:
        sim.run()
    for data in (recording(sim, raised.value), recording(broken())):
        assert data["broken"]["law"] == "logs persist" and data["broken"]["rests_on"] == "S7, B13"
        assert entries_of(data)[-1][0][3] == "downloaded" and data["end"] == 20
        assert data["chapters"][data["opening"]][1] == "breach"
    assert broken().now > 20


def test_an_empty_journal_is_a_film_too():
    data = recording([])
    assert (data["end"], data["entries"], data["opening"]) == (0, [], None)
