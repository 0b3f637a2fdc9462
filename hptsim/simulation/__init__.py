"""Who resolves what is armed: by time, with simpy."""

from hptsim.simulation.job_views import Capacity, QueuedRequest, TrainingJobView, TuningJobView, WarmPoolView
from hptsim.simulation.mutation import Mutant, mutants
from hptsim.simulation.simulation import Simulation
from hptsim.simulation.snapshots import Snapshot

__all__ = [
    "Capacity",
    "Mutant",
    "QueuedRequest",
    "Simulation",
    "Snapshot",
    "TrainingJobView",
    "TuningJobView",
    "WarmPoolView",
    "mutants",
]
