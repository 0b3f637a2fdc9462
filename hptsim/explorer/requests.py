"""The queue of requests for quota, whose objects belong to the parts of their holders."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, MutableMapping

from hptsim.model.copying import duplicate
from hptsim.world.ledger import Reservation


class Requests(MutableMapping[str, Reservation]):
    """Reservations by name, in order: each is found at its holder when it is asked for.

    One that its holder has dropped, which only a mutant leaves here, is kept.

    >>> requests = Requests({}, ordered=True)
    >>> requests["a/0"] = Reservation("a", 0, {"ml.m5.xlarge": 1})
    >>> list(requests), requests["a/0"].holder
    (['a/0'], 'a')
    """

    def __init__(self, facts: dict[str, Hashable], *, ordered: bool) -> None:
        self._facts, self._ordered = facts, ordered
        self._kept: dict[str, Reservation] = {}
        self.find: Callable[[str], Reservation] | None = None
        """Finds one at its holder, while the queue is part of an opened state."""

    def __getitem__(self, name: str) -> Reservation:
        if name in self._kept:
            return self._kept[name]
        if name not in self._facts or self.find is None:
            raise KeyError(name)
        return self.find(name)

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

    def keep(self, dropped: Reservation) -> None:
        """The holder has dropped what may stand here."""
        if dropped.name in self._facts:
            self._kept.setdefault(dropped.name, dropped)

    def kept(self) -> list[Reservation]:
        """What stands here itself."""
        return list(self._kept.values())

    def give_back(self, one: Reservation) -> None:
        """*one* is its holder's: it is found there."""
        del self._kept[one.name]

    def copy(self) -> Requests:
        """A copy that is not part of an opened state yet."""
        twin = Requests(self._facts.copy(), ordered=self._ordered)
        twin._kept = {name: duplicate(one) for name, one in self._kept.items()}
        return twin

    def value(self) -> Hashable:
        """The names and what counts of each, in order where that counts."""
        facts = self._facts.items() if self._ordered else sorted(self._facts.items())
        return tuple(facts), tuple([(name, one.state, tuple(one.amounts.items())) for name, one in self._kept.items()])
