"""The regions of a server: each is a twin of its own, and all are on one clock."""

from __future__ import annotations

import threading
from collections.abc import Callable

import attrs

from hptsim.boto import DEFAULT_REGION
from hptsim.errors import ServiceError
from hptsim.service.http import Wire
from hptsim.service.service import Service
from hptsim.simulation.simulation import Simulation

MOST_REGIONS = 64
"""A server has at most so many regions; the service itself has fewer."""


@attrs.frozen
class Region:
    """One region: its simulation, and the door through which requests are answered."""

    sim: Simulation
    wire: Wire


class Regions:
    """The twins of a server by region: jobs, names, quotas and buckets of one are not there in another.

    *sim* is that of us-east-1. Another region's is made when it is first asked for, by *make*, which is given the region's name;
    without it, of the same scenario and seed (sampled times, all laws). It then begins at 0 s and is brought to the present.

    >>> regions = Regions(Simulation()); regions.move_to(60.0)
    >>> regions.of("eu-west-1").sim.now, list(regions.made)
    (60.0, ['us-east-1', 'eu-west-1'])
    """

    def __init__(self, sim: Simulation, make: Callable[[str], Simulation] | None = None) -> None:
        self._make = make or (lambda region: Simulation(sim.scenario, seed=sim.seed))
        self.made = {DEFAULT_REGION: Region(sim, Wire(sim))}
        self.epoch_s = Service.of(sim).epoch_s
        self.lock = threading.RLock()
        """Held while a request is answered and while time moves, in whichever region."""

    @property
    def now(self) -> float:
        """Simulated seconds since the epoch: those of the region that is furthest."""
        return max(region.sim.now for region in self.made.values())

    def move_to(self, until_s: float) -> None:
        """Let everything happen that is due up to *until_s* in each region that is not there yet."""
        with self.lock:
            for region in self.made.values():
                with Service.of(region.sim).lock:
                    if region.sim.now < until_s:
                        region.sim.run(until=until_s)

    def of(self, name: str) -> Region:
        """The region *name*, made now if need be; raises ServiceError (InvalidSignatureException) for one too many."""
        with self.lock:
            region = self.made.get(name)
            if region is None:
                if len(self.made) == MOST_REGIONS:
                    text = (
                        f"Credential should be scoped to a valid region; this server has {MOST_REGIONS}, not {name!r}"
                    )
                    raise ServiceError("InvalidSignatureException", text, 403)
                sim = self._make(name)
                sim.run(until=self.now)
                region = self.made[name] = Region(sim, Wire(sim))
            return region
