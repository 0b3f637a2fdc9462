"""The only mutable state: jobs, quota, artifacts, logs, and what is armed.

The world says what happens; the simulation says when. Every change of state goes through a row of the tables.
"""

from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Ledger, Reservation
from hptsim.world.world import World

__all__ = [
    "Ledger",
    "Reservation",
    "TrainingJob",
    "TuningJob",
    "World",
]
