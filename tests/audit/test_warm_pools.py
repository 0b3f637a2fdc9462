"""The laws of warm pools: for each a journal that breaks exactly it."""

import pytest
from doctored import ALONE_ACCOUNT, audit, breaks_exactly, find

from hptsim import Simulation
from hptsim.model.definitions import TrainingJobDefinition


def pooled():
    """A training job of its user that leaves a warm pool, which another one takes over."""
    sim = Simulation(ALONE_ACCOUNT, laws=False)
    sim.create_training_job("first", TrainingJobDefinition(keep_alive_s=300))
    sim.run(until=200)
    sim.create_training_job("second", TrainingJobDefinition())
    sim.run()
    return list(sim.journal)


def kept_for_too_long():
    records = pooled()
    late = find(records, "warm_pool", "reuse", "first")
    records[late:] = [one._replace(time_s=one.time_s + 300) for one in records[late:]]
    audit(records, ALONE_ACCOUNT)


def kept_without_instances():
    records = pooled()
    place = find(records, "warm_pool", "job_ended", "first")
    release = find(records, "reservation", "release", "training-job/first")
    moved_up = records[release]._replace(time_s=records[place].time_s, step=records[place].step)
    audit([*records[: place + 1], moved_up], ALONE_ACCOUNT)


def taken_over_by_another_kind():
    records = pooled()
    born = find(records, "training", "create", "second")
    another = TrainingJobDefinition(request={"RoleArn": "another"})
    records[born] = records[born]._replace(data=records[born].data._replace(standalone=another))
    audit(records, ALONE_ACCOUNT)


CASES = {
    "warm pools take their course": kept_for_too_long,
    "a warm pool holds its instances": kept_without_instances,
    "only a match reuses a warm pool": taken_over_by_another_kind,
}


@pytest.mark.parametrize("law", CASES)
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    breaks_exactly(law, CASES[law])


def test_the_true_journal_of_a_warm_pool_breaks_no_law():
    audit(pooled(), ALONE_ACCOUNT).check_at_rest()
