"""What a user writes: scenarios, timings, faults, workloads and prices, all frozen and with units.

Read from TOML and JSON, from tables of jobs, and from an account's own history. Nothing here is simulated yet.
"""

from hptsim.scenario.account_history import from_client, from_descriptions
from hptsim.scenario.arrival_patterns import Profile, Times
from hptsim.scenario.cloud import Faults, Recorded, Script, Timings
from hptsim.scenario.columns import MAPPINGS, Columns
from hptsim.scenario.configured_durations import Configured, Linear, Scaled, Table
from hptsim.scenario.csv_traces import from_csv
from hptsim.scenario.durations import Distribution, Duration, Empirical, Exponential, LogLogistic, LogNormal, Uniform
from hptsim.scenario.durations_by_type import ByInstanceType
from hptsim.scenario.estimate import Estimate
from hptsim.scenario.learning_curves import Curve, Decay, PowerLaw, Tabulated
from hptsim.scenario.objectives import Objective
from hptsim.scenario.prices import Prices
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.resampling import Resampling
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.trace import LeftOut, Trace
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob, Template

__all__ = [
    "MAPPINGS",
    "Arrivals",
    "ByInstanceType",
    "Columns",
    "Configured",
    "Curve",
    "Decay",
    "Distribution",
    "Duration",
    "Empirical",
    "Estimate",
    "Exponential",
    "Faults",
    "LeftOut",
    "Linear",
    "LogLogistic",
    "LogNormal",
    "Objective",
    "PowerLaw",
    "Prices",
    "Profile",
    "Recorded",
    "Resampling",
    "Scaled",
    "Scenario",
    "ScheduledTuningJob",
    "Script",
    "Table",
    "Tabulated",
    "Template",
    "Times",
    "Timings",
    "Trace",
    "Uniform",
    "from_client",
    "from_csv",
    "from_descriptions",
    "uniforms",
]
