"""What the cloud decides: how long things take, what fails, what the metric is.

Sampled from distributions, scripted by a plan, or every outcome at once for the explorer.
"""

from hptsim.cloud.every_outcome import Enumerated
from hptsim.cloud.sampled import Sampled
from hptsim.cloud.scripted import Scripted

__all__ = [
    "Enumerated",
    "Sampled",
    "Scripted",
]
