"""What is tried next, who is given up, and when it is enough.

One class for each way to search. A strategy sees its tuning job's trials and uniform numbers, and nothing of the world.
"""

from hptsim.strategies.strategies import Strategy, Trial
from hptsim.strategies.successive_halving import AsynchronousHalving, SynchronousHalving

__all__ = [
    "AsynchronousHalving",
    "Strategy",
    "SynchronousHalving",
    "Trial",
]
