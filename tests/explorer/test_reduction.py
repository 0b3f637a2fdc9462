"""The reductions together: what has ended is compared with the world when it ends, for later it is forgotten."""

import pytest

from explorer.graphs import jobs, plain, system
from hptsim import explore
from hptsim.explorer.reduction import Reduction
from hptsim.world.world import World


def test_what_is_lost_unseen_from_a_log_is_noticed_as_the_training_job_ends(monkeypatch):
    true = World.fire_training

    def wrong(world, job, trigger, data=None):
        true(world, job, trigger, data)
        if job.state == "Stopping:uploading":
            del world.logs[job.name][-1:]  # no entry says so: only a comparison with the whole world can tell

    monkeypatch.setattr(World, "fire_training", wrong)
    scenario = jobs(plain("a", 2, 2), capacity=1)
    full, reduced = (explore(scenario, reduction=reduction).counterexample for reduction in (False, True))
    assert full is not None and reduced is not None
    assert full.law == reduced.law == "logs persist"


@pytest.mark.parametrize(("symmetry", "independence"), [(False, False), (True, False), (False, True)])
def test_each_reduction_can_be_had_alone(symmetry, independence):
    full = system(jobs(plain("a"), plain("b"), capacity=1))
    reduction = Reduction(full, symmetry=symmetry, independence=independence)
    assert (reduction.symmetry is not None, reduction.independence is not None) == (symmetry, independence)
    assert reduction.judged_in_part == (("the best is the best",) if symmetry else ())
    moves = full.moves(full.root)
    assert [step.move for step in reduction.steps(full.root, moves)] == moves
