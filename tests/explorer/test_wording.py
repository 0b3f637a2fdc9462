"""Plain words for what happens."""

from hptsim.explorer.replay import Command
from hptsim.explorer.wording import EVENTS, answered, said
from hptsim.model.calls import ANSWERS
from hptsim.model.tables import ALL


def test_every_trigger_of_the_tables_has_words():
    triggers = {trigger for table in ALL for trigger in table.triggers}
    assert triggers - EVENTS.keys() == set()
    assert EVENTS.keys() - triggers == set(), "and there are no words for what cannot happen"


def test_commands_are_said_by_what_they_are_about():
    assert said(Command("create_training_job", ("mine", None))) == "the caller creates training job mine"
    assert said(Command("fire", ("a", "finish"))) == "a: it ends"
    assert said(Command("note_answer", ("StopTrainingJob", "a", "lost_response", True))) == (
        "StopTrainingJob for a: the response is lost"
    )
    assert said(Command("something", (1, "b"))) == "the caller calls something(1, 'b')"


def test_every_answer_has_words():
    assert len({answered(answer) for answer in ANSWERS}) == len(ANSWERS)
