"""Strategies that have a name which other processes and files can import."""

import random
from functools import partial


class Waiting:
    """Synchronous: proposes two, waits for both, then proposes one that knows them."""

    def __init__(self, spec):
        self.results = []

    def tell(self, trial):
        self.results.append(trial)

    def ask(self, ordinal):
        if ordinal <= 2:
            return {"rate": "0.1"}
        return {"rate": str(0.001 * len(self.results))} if ordinal == 3 and len(self.results) == 2 else None


class Seeded:
    """Random numbers of its own, by the simulation's seed."""

    def __init__(self, spec, seed, scale=1.0):
        self.rng, self.scale = random.Random(seed), scale

    def tell(self, trial):
        """Learn nothing."""

    def ask(self, ordinal):
        return {"rate": str(self.scale * self.rng.random())}


class Choosy(Waiting):
    """Stops whatever is worse after three epochs than the best that it was told."""

    def ask(self, ordinal):
        return {"rate": str(ordinal % 7 / 10 + 0.1)}

    def should_stop(self, trial, others):
        told = [one.objective for one in self.results if one.objective is not None]
        return len(trial.curve) == 3 and bool(told) and trial.curve[-1] > min(told)


class Highest:
    """Keeps no state: proposes the upper end of every range."""

    def __init__(self, spec):
        self.spec = spec

    def propose(self, ranges, ordinal, known, draw):
        return {span.name: str(span.high) for span in ranges}


half = partial(Seeded, scale=0.5)
NOTHING = None


class Mute:
    """Can be asked and not told."""

    def ask(self, ordinal):
        return {}
