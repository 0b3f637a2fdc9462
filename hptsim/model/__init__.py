"""Specs and requests, the tables of the lifecycles, what a law is, the journal, the assumptions.

Everything here is a frozen value or a function of values: no clock, no randomness, no simpy. Every other package may
import this one.
"""

from hptsim.model.account import Account
from hptsim.model.assumptions import ASSUMPTIONS, Assumptions
from hptsim.model.definitions import (
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    Objective,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
)
from hptsim.model.journal import Entry, Journal, Record, read, steps
from hptsim.model.laws import Law
from hptsim.model.machine import TABLES, Tables
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import SecondaryStatus, TrainingJobStatus, TuningJobStatus
from hptsim.model.storage import Artifact, LogEvent
from hptsim.model.tables import RESERVATION, TRAINING, TUNING, WARM_POOL, Row, Table

__all__ = [
    "ASSUMPTIONS",
    "RESERVATION",
    "TABLES",
    "TRAINING",
    "TUNING",
    "WARM_POOL",
    "Account",
    "Artifact",
    "Assumptions",
    "CompletionCriteria",
    "Entry",
    "Hyperband",
    "InstanceRequest",
    "Journal",
    "Law",
    "LogEvent",
    "Objective",
    "ParameterRange",
    "Record",
    "ResourceLimits",
    "Row",
    "SecondaryStatus",
    "ServiceLimits",
    "Table",
    "Tables",
    "TrainingJobDefinition",
    "TrainingJobStatus",
    "TuningJobSpec",
    "TuningJobStatus",
    "read",
    "steps",
]
