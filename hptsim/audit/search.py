"""The laws of the search: by the same rules as the service, on books of their own, what is tried, given up, and enough."""

from __future__ import annotations

import math

from hptsim.audit.state import Books, TrainingBook, TuningBook
from hptsim.model.definitions import Hyperband
from hptsim.model.laws import broken
from hptsim.model.payloads import TrainingJobCreated
from hptsim.model.specs import TuningJobSpec
from hptsim.strategies.stopping_rules import ETA, brackets, falls_behind, goes_on, met, rungs
from hptsim.strategies.strategies import Trial


def judge_configuration(tuning: TuningBook, spec: TuningJobSpec, data: TrainingJobCreated) -> None:
    """A new training job: is what it tries in its ranges, and on a grid new?"""
    chosen = data.hyperparameters
    for span in spec.ranges_of(spec.definitions[data.definition]):
        if span.name in chosen and not span.holds(chosen[span.name]):
            raise broken("a strategy stays in its ranges", f"{tuning.name} tries {chosen[span.name]} for {span}")
    if spec.strategy == "Grid" and chosen:
        if chosen in tuning.tried:
            raise broken("Grid tries each point once", f"{tuning.name} tries {chosen} again")
        tuning.tried.append(chosen)


def judge_epoch(books: Books, book: TrainingBook, epoch: int, value: float | None) -> None:
    """A new epoch: by the same rule as the service, on books of our own, may the training job go on?"""
    if epoch != len(book.curve) + 1:
        raise broken("phases in order", f"{book.name} reports epoch {epoch} after {len(book.curve)}")
    book.curve += (float("nan") if value is None else value,)
    tuning = books.tuning[book.holder]
    if tuning.spec is None or value is None or book.sentence:
        return
    spec, objective = tuning.spec, tuning.spec.objective_of(tuning.spec.definitions[book.definition])
    others = [books.training[name] for name in tuning.children if name != book.name and name in books.training]
    others = [one for one in others if one.definition == book.definition]
    if spec.hyperband is not None:
        _judge_rung(book, spec.hyperband, others, epoch - 1)
        known = [Trial(one.ordinal, {}, one.curve, passed=one.passed) for one in others]
        if epoch >= spec.hyperband.max_resource:
            book.sentence = "max_resource"
        elif goes_on(objective, spec.hyperband, book.ordinal, epoch, value, known):
            book.passed += (epoch,)
        else:
            book.sentence = "hyperband"
    elif spec.early_stopping:
        earlier = [one.curve for one in others if one.state == "Completed"]
        book.sentence = "early_stopping" if falls_behind(objective, book.curve, earlier) else ""


def _judge_rung(book: TrainingBook, hyperband: Hyperband, others: list[TrainingBook], rung: int) -> None:
    """Counted by who has gone beyond the rung; one that was given up may, until its stop reaches it."""
    bracket = (book.ordinal - 1) % brackets(hyperband)
    if rung not in rungs(hyperband, bracket):
        return
    reached = [one for one in others if (one.ordinal - 1) % brackets(hyperband) == bracket and len(one.curve) >= rung]
    beyond = 1 + sum(len(one.curve) > rung and one.sentence != "hyperband" for one in reached)
    if beyond > math.ceil((1 + len(reached)) / ETA):
        text = f"{beyond} training jobs went on after epoch {rung}, of {1 + len(reached)} that reached it"
        raise broken("a rung holds its share", text)


def met_criterion(tuning: TuningBook) -> str:
    """The completion criterion that a tuning job has met, or nothing."""
    return met(tuning.spec, tuning.results) if tuning.spec is not None else ""
