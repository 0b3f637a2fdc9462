"""Lets the laws judge a simulation: after each step, or all at once when nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import simpy

from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.cloud.base import CloudBase
from hptsim.cloud.every_outcome import is_fault
from hptsim.errors import LawBroken, invalid
from hptsim.model.journal import Journal, steps
from hptsim.model.laws import Law, check_laws
from hptsim.scenario.scenario import Scenario
from hptsim.world.ports import Cloud
from hptsim.world.world import World

_STORY = 8
"""A broken law is reported with this many of the last journal entries."""


class Judge:
    """An auditor of one simulation, and when it is asked.

    *laws* is True (after each step), "end" (when nothing is left to do), False (never), or the laws to ask after each step.
    Raises InvalidInput for anything else.

    >>> from hptsim.cloud import SampledCloud
    >>> Judge("end", Scenario(), 0, Journal(), SampledCloud()).each_step
    False
    """

    def __init__(
        self, laws: bool | str | Iterable[Law], scenario: Scenario, seed: int, journal: Journal, cloud: Cloud
    ) -> None:
        if isinstance(laws, str) and laws != "end":
            raise invalid("laws", laws, "True, False, 'end' or laws")
        asked = LAWS if isinstance(laws, (bool, str)) else check_laws(laws)
        self.each_step = laws is not False and laws != "end"
        self.at_the_end = laws == "end"
        self._scenario, self._seed, self._journal, self._cloud = scenario, seed, journal, cloud
        self.auditor = self._new_auditor(asked)

    def _new_auditor(self, laws: Iterable[Law]) -> Auditor:
        """An auditor of the scenario's account that has read nothing."""
        bound_s = self._cloud.slowest_stop_s if isinstance(self._cloud, CloudBase) else None
        return Auditor(self._scenario.account, laws, stop_propagation_s=bound_s)

    def step(self, world: World, env: simpy.Environment, calls: int = 0) -> None:
        """Judge the step that is over, after so many *calls* of the caller.

        Raises LawBroken for the first law that it breaks, and nothing from then on.
        """
        auditor = self.auditor
        if auditor.state.broken:
            return
        try:
            auditor.see(*self._journal.fresh())
            auditor.check_step(world)
        except LawBroken as error:
            auditor.state.broken = True
            raise self._explained(error, env.now, calls) from None

    def rest(self, world: World, env: simpy.Environment, calls: int = 0) -> None:
        """Judge the end, for nothing is left to do, and under "end" the whole journal; raises LawBroken."""
        if not (self.each_step or self.at_the_end) or self.auditor.state.broken:
            return
        try:
            if self.at_the_end:
                self._read_again()
            self.auditor.compare(world)
            if all(map(is_fault, world.armed.values())):  # what may strike, and need not
                self.auditor.check_at_rest()
        except LawBroken as error:
            raise self._explained(error, env.now, calls) from None

    def _read_again(self) -> None:
        """Read the whole journal from its beginning."""
        self.auditor = self._new_auditor(self.auditor.laws)
        for step in steps(self._journal):
            self.auditor.see(*step)
            self.auditor.check_step()

    def _explained(self, error: LawBroken, now_s: float, calls: int) -> LawBroken:
        """The broken law with the last journal lines and the way to see it again: no file has the *calls* of a caller."""
        story = tuple(str(record) for record in self._journal[-_STORY:])
        again = f"hptsim run SCENARIO --seed {self._seed} --until {now_s:g}  (scenario {self._scenario.name!r})"
        if calls:
            again = (
                f"the calls that changed something ({calls} so far), in a simulation of the scenario {self._scenario.name!r} "
                f"with the seed {self._seed} until {now_s:g} s"
            )
        return attrs.evolve(error, story=story, reproduce=again)
