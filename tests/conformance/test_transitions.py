"""SecondaryStatusTransitions: a path of the table whose times meet, and that does not change once it was shown."""

from hptsim.conformance.answers import Answer, Refusal
from hptsim.conformance.orders import Event
from hptsim.conformance.training_search import Kind
from hptsim.conformance.transitions import path
from hptsim.model.machine import TABLES


def elements(*statuses, begin_s=1000.0):
    """One after the other, ten seconds each, the last of which is open."""
    made = [
        {"Status": status, "StartTime": begin_s + 10 * place, "EndTime": begin_s + 10 * place + 10}
        for place, status in enumerate(statuses)
    ]
    del made[-1]["EndTime"]
    return made


def judged(shown, *, before=(), secondary=None):
    members = {"SecondaryStatusTransitions": shown}
    if secondary is not None:
        members["SecondaryStatus"] = secondary
    event = Event(Answer.__new__(Answer), "shown", members)
    return path(before, event, Kind(), TABLES)


def refused(shown, **more):
    found = judged(shown, **more)
    assert isinstance(found, Refusal)
    return found.member


def test_a_path_of_the_table_leads_to_the_states_that_show_its_last_status():
    found = judged(elements("Starting", "Downloading", "Training"), secondary="Training")
    assert {one.state for one in found} == {"Training"}


def test_a_transition_that_no_row_makes_is_named():
    assert refused(elements("Starting", "Uploading")) == "SecondaryStatusTransitions[1].Status"
    assert refused(elements("Starting", "LaunchingMLInstances")) == "SecondaryStatusTransitions[1].Status"


def test_times_meet_and_do_not_run_back():
    gap = elements("Starting", "Downloading")
    gap[1]["StartTime"] += 1
    assert refused(gap) == "SecondaryStatusTransitions[1].StartTime"
    back = elements("Starting", "Downloading")
    back[0]["EndTime"] -= 20
    assert refused(back) == "SecondaryStatusTransitions[0].EndTime"
    still_open = elements("Starting", "Downloading")
    del still_open[0]["EndTime"]
    assert refused(still_open) == "SecondaryStatusTransitions[0].EndTime"


def test_the_last_is_the_secondary_status_and_what_was_shown_stays():
    assert refused(elements("Starting", "Downloading"), secondary="Training") == "SecondaryStatus"
    later = elements("Starting", "Downloading", begin_s=1001.0)
    assert refused(later, before=elements("Starting")) == "SecondaryStatusTransitions[0].StartTime"
    assert not isinstance(judged(elements("Starting", "Downloading"), before=elements("Starting")), Refusal)
