"""Why an answer about a tuning job is refused: the member whose other values would do, and the row against it."""

import pytest
from placebo import at, described

from hptsim.conformance.answers import Answer
from hptsim.conformance.orders import Event
from hptsim.conformance.tuning_answers import counters
from hptsim.conformance.tuning_reasons import why_not
from hptsim.conformance.tuning_search import Shown, Terms, created
from hptsim.model.machine import TABLES

TERMS = Terms(6, 2, False, False)


def reason(status, jobs, objectives, before=None):
    members = described(status, at(1, 0), jobs, objectives)
    event = Event(Answer("here", "a", "DescribeHyperParameterTuningJob", members), "shown", members)
    return why_not(event, counters(event), before, "there shows", created(), TERMS, TABLES)


@pytest.mark.parametrize(
    ("answer", "member", "possible", "against"),
    [
        (("InProgress", (0, 2, 0, 0, 0), (0, 1, 0)), "TrainingJobStatusCounters.InProgress", "1", "K7"),
        (("InProgress", (0, 1, 0, 0, 0), (0, 2, 0)), "TrainingJobStatusCounters.InProgress", "2", "K7"),
        (("Completed", (5, 0, 0, 0, 0), (5, 0, 0)), "HyperParameterTuningJobStatus", "'InProgress' or ", "finish"),
        (("Completed", (6, 0, 0, 0, 0), (4, 0, 1)), "ObjectiveStatusCounters.Succeeded", "5", "K7"),
        (("InProgress", (1, 0, 0, 0, 0), (2, 0, 0)), "TrainingJobStatusCounters.Completed", "2", "child_ended"),
        (("Stopped", (0, 1, 0, 0, 1), (0, 0, 1)), "TrainingJobStatusCounters.InProgress", "0", "finish"),
    ],
)
def test_the_member(answer, member, possible, against):
    found = reason(*answer)
    assert found.member == member
    assert found.possible.startswith(possible) and against in found.against


def test_after_the_end_the_end_stands_against_it():
    ended = Shown("Stopped", 0, 0, 0, 0, 2, 0, 2, 0)
    found = reason("Stopped", (1, 0, 0, 0, 1), (1, 0, 1), ended)
    assert found.against == "no row of the tuning table leaves Stopped: a final status is final"
    assert found.possible == "0, as there shows"
