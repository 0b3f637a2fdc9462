"""Who resolves what is armed: by time (simpy), or by trying every order (the explorer)."""

from hptsim.simulation.exploration import Counterexample, Exploration
from hptsim.simulation.explorer import explore
from hptsim.simulation.job_views import Capacity, QueuedRequest, TrainingJobView, TuningJobView, WarmPoolView
from hptsim.simulation.mutation import Mutant, mutants
from hptsim.simulation.simulation import Simulation
from hptsim.simulation.snapshots import Snapshot

__all__ = [
    "Capacity",
    "Counterexample",
    "Exploration",
    "Mutant",
    "QueuedRequest",
    "Simulation",
    "Snapshot",
    "TrainingJobView",
    "TuningJobView",
    "WarmPoolView",
    "explore",
    "mutants",
]
