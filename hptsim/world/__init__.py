"""The only mutable state: jobs, quota, artifacts, logs, and what is armed.

The world says what happens; the simulation says when. Every change of state goes through a row of the tables. From below:
`ledger` and `jobs` are the records, `dispatch` makes the tables ready, `world` holds the state, arms and fires; `requests`,
`controller`, `warm_pools`, `effects`, `bookings` and `reports` are what rows do, and `rules` hands them to the world;
`admission` and `commands` are what a caller may ask for.
"""

from hptsim.world.jobs import TrainingJob, TuningJob, WarmPool
from hptsim.world.ledger import Ledger, Reservation
from hptsim.world.rules import rules
from hptsim.world.world import World

__all__ = [
    "Ledger",
    "Reservation",
    "TrainingJob",
    "TuningJob",
    "WarmPool",
    "World",
    "rules",
]
