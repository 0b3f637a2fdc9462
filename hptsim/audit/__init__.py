"""The judge: reads the journal entry by entry into a state of its own, and asks the laws, which are listed here.

It shares no rule with the world that it judges, and never imports the world, the strategies or the cloud. Bookkeeping and
judging are apart: `reader` lets the `state` follow the entries, and the laws are predicates over that state. Each subject has
its laws in one module: the journal, tuning jobs, training jobs, their ends, quota, the queue, its disciplines, the search,
warm pools.
"""

from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.audit.state import KnownTrainingJob, KnownTuningJob, KnownWarmPool, State

__all__ = [
    "LAWS",
    "Auditor",
    "KnownTrainingJob",
    "KnownTuningJob",
    "KnownWarmPool",
    "State",
]
