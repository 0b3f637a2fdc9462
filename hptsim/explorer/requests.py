"""The queue of requests for quota, whose objects belong to the parts of their holders."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, MutableMapping

from hptsim.model.copying import duplicate
from hptsim.world.ledger import Reservation
from hptsim.world.world import World


class Requests(MutableMapping[str, Reservation]):
    """Reservations by name, in order: each is looked up at its holder when it is asked for.

    One that its holder has dropped, which only a mutant leaves here, is kept.
    """

    def __init__(self, world: World | None, facts: dict[str, Hashable], *, ordered: bool) -> None:
        self.world, self._facts, self.ordered = world, facts, ordered
        self._kept: dict[str, Reservation] = {}

    def __getitem__(self, name: str) -> Reservation:
        if name not in self._facts:
            raise KeyError(name)
        return self._kept.get(name) or self._of_holder(name)

    def _of_holder(self, name: str) -> Reservation:
        if self.world is None:
            raise TypeError(f"{name} is looked up in a queue that belongs to no world")
        holder, _, number = name.rpartition("/")
        job = self.world.tuning.get(holder)
        return self.world.standalone[holder] if job is None else job.reservations[int(number)]

    def __setitem__(self, name: str, one: Reservation) -> None:
        self._facts[name] = (one.definition, one.lasts_s, one.resumes, one.due_s)
        self._kept[name] = one

    def __delitem__(self, name: str) -> None:
        del self._facts[name]
        self._kept.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def keep(self, name: str, dropped: Reservation) -> None:
        """The holder has dropped what stands here."""
        if name in self._facts:
            self._kept.setdefault(name, dropped)

    def kept(self) -> list[Reservation]:
        """What stands here itself."""
        return list(self._kept.values())

    def give_back(self, one: Reservation) -> None:
        """*one* is its holder's: it is looked up there."""
        del self._kept[one.name]

    def copy(self) -> Requests:
        """A copy that belongs to no world yet."""
        twin = Requests(None, self._facts.copy(), ordered=self.ordered)
        twin._kept = {name: duplicate(one) for name, one in self._kept.items()}
        return twin

    def value(self) -> Hashable:
        """The names and what counts of each, in order where that counts."""
        facts = self._facts.items() if self.ordered else sorted(self._facts.items())
        return tuple(facts), tuple([(name, one.state, tuple(one.amounts.items())) for name, one in self._kept.items()])
