"""The laws of a tuning job: for each a journal that breaks exactly it."""

import attrs
import pytest
from doctored import ALONE, audit, breaks_exactly, cut, edited, find, job, moved, run, without

from hptsim.errors import LawBroken
from hptsim.scenario.cloud import Faults


def launch_after_the_stop():
    """A launch on idle instances, with its training job, moved behind the stop."""
    records = run(attrs.evolve(ALONE, tuning_jobs=(job("a", 2, 1, 0, 200),)))
    start = find(records, "tuning", "launch", nth=1)
    stop = find(records, "tuning", "stop")
    launch = records[start]._replace(source="Stopping", destination="Stopping")
    stop = records[stop]._replace(time_s=launch.time_s)
    audit([*records[:start], stop, launch, *records[start + 1 : start + 3]])


def parent_ends_first():
    records = run(ALONE)
    last = find(records, "training", "uploaded", nth=1)
    audit(moved(records, find(records, "tuning", "finish"), last), ALONE)


def never_told():
    """A stop that reaches the first training job only."""
    audit(without(("training", "stop", "a", 1), ("signal", "SIGTERM", "a", 1)))


def deleted_while_it_trains():
    records = cut(run(ALONE), "training", "uploaded")
    last = records[-1]
    audit(
        [
            *records,
            last._replace(thing="tuning", name="a", trigger="delete", source="InProgress", destination="", data=None),
        ],
        ALONE,
    )


CASES = {
    "tuning statuses in order": lambda: audit(edited("tuning", "stop", destination="InProgress:closing")),
    "the end says why": lambda: audit(edited("tuning", "finish", destination="Completed")),
    "no launch after a stop": launch_after_the_stop,
    "a stop reaches every child": never_told,
    "nobody outlives the parent": parent_ends_first,
    "counters add up": lambda: audit(without(("tuning", "launch", "a", 0))),
    "only what has ended is deleted": deleted_while_it_trains,
}


@pytest.mark.parametrize("law", CASES)
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    breaks_exactly(law, CASES[law])


def test_a_job_that_fails_is_judged_by_the_attempts_it_had():
    failing = attrs.evolve(ALONE, faults=Faults(algorithm_error=1.0), tuning_jobs=(job("a", 9, 2),))
    records = run(failing)
    audit(records, failing).check_at_rest()
    place = find(records, "tuning", "finish")
    records[place] = records[place]._replace(destination="Completed")
    with pytest.raises(LawBroken, match="not Failed"):
        audit(records, failing)
