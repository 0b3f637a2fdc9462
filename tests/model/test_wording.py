"""Plain words for what happens: every row of the tables has some, and so has every entry of a journal."""

import pytest
from examples import simulation

from hptsim import TuningJobSpec
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.entries import THINGS, Record
from hptsim.model.payloads import PAYLOADS, Called, Failed, ReservationChange, Reused, TrainingJobCreated
from hptsim.model.tables import ALL
from hptsim.model.wording import EVENTS, amounts, answered, event, phrase, sentence
from hptsim.scenario.cloud import Script


def entry(thing, trigger, data=None, source="", destination="", name="x"):
    return Record(5.0, thing, name, trigger, source, destination, data)


def test_every_trigger_of_the_tables_has_words():
    for table in ALL:
        assert EVENTS[table.name].keys() - {"delete"} == set(table.triggers), "no word for what cannot happen either"
    assert EVENTS.keys() <= set(THINGS)
    for thing, trigger in PAYLOADS:
        assert thing in ("artifact", "log", "call", "refused") or trigger in EVENTS[thing]


def test_what_happens_to_a_training_job_has_different_words_each_time():
    assert len(set(EVENTS["training"].values())) == len(EVENTS["training"])
    assert event("training", "unheard_of") == event("unheard_of", "unheard_of") == "unheard_of"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (entry("training", "saved"), "x has saved its model"),
        (entry("tuning", "finish", None, "Stopping", "Stopped"), "x has ended: Stopped"),
        (entry("tuning", "finish", Failed("why"), "InProgress:failing", "Failed"), "x has ended: Failed (why)"),
        (entry("tuning", "delete", None, "Stopped"), "x is deleted"),
        (
            entry("training", "create", TrainingJobCreated("a", 0, {"eta": "0.1", "depth": "3"})),
            "x is created with eta = 0.1, depth = 3",
        ),
        (
            entry("reservation", "release", ReservationChange("a", {"ml.m5.xlarge": 2}), name="a/1"),
            "a gives back 2 ml.m5.xlarge",
        ),
        (
            entry("reservation", "grant", ReservationChange("training-job/b", {"ml.m5.xlarge": 1}), name="whatever"),
            "b gets 1 ml.m5.xlarge",
        ),
        (entry("occupancy", "vacate", {"ml.m5.xlarge": 1}), "x no longer uses 1 ml.m5.xlarge"),
        (entry("artifact", "store", "s3://b/k", "", "checkpoint"), "x has its checkpoint stored"),
        (entry("log", "", "{name} <b>"), "x writes to its log: {name} <b>"),
        (entry("warm_pool", "reuse", Reused("y")), "the warm pool of x is taken over by y"),
        (
            entry("call", "timeout", Called("StopTrainingJob", False)),
            "StopTrainingJob for x: the request does not arrive",
        ),
        (entry("refused", "create", "no"), "x: the request to create it is refused: no"),
        (entry("signal", "SIGTERM"), "x gets SIGTERM"),
    ],
)
def test_entries_are_sentences(record, said):
    assert sentence(record) == said


def test_a_long_line_is_cut_and_says_so():
    said = sentence(entry("log", "", "a" * 1000))
    assert len(said) < 250 and said.endswith("a…")


def test_a_whole_run_is_told_and_many_entries_share_a_phrase():
    sim = simulation(capacity={"ml.m5.xlarge": 2}, script=Script("save", save_s=20))
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.create_training_job("alone", TrainingJobDefinition())
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run()
    told = [sentence(record) for record in sim.journal]
    assert "one is told to stop" in told and "alone gets 1 ml.m5.xlarge" in told
    assert not any("{name}" in one or one.endswith(" ") for one in told)
    ready = [phrase(record) for record in sim.journal if record.trigger == "ready"]
    assert ready == ["{name} has its instances"] * 2


def test_every_answer_has_words():
    assert len({answered(answer) for answer in ANSWERS}) == len(ANSWERS)
    assert amounts({}) == "nothing"
