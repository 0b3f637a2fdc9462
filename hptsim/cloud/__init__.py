"""What the cloud decides: how long things take, what fails, what the metric is.

Sampled from distributions, scripted by a plan, or every outcome at once for the explorer.
"""

from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.cloud.sampled import SampledCloud
from hptsim.cloud.scripted import ScriptedCloud

__all__ = [
    "EveryOutcome",
    "SampledCloud",
    "ScriptedCloud",
]
