"""Tabular benchmarks: what each configuration reached after each epoch, and how long it had taken until then.

An `Objective` is both the learning curve and the duration of a script. It is read from a table with a row for each epoch of
each configuration, or from the files of a blackbox of Syne Tune's repository. A benchmark that is a model, not a table, as
YAHPO's are, is evaluated first, at the configurations that the search can propose, and its answers written as such a table.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.validators import is_number
from hptsim.optional import require
from hptsim.scenario import table_files

Configuration = Mapping[str, str]


@attrs.frozen
class Run:
    """What one configuration did: its metric after each epoch, and the seconds of training until then."""

    values: tuple[float, ...]
    elapsed_s: tuple[float, ...]

    def epochs_done(self, progress_s: float) -> int:
        """How many epochs are over after *progress_s* seconds of training.

        >>> Run((0.5, 0.4), (60.0, 100.0)).epochs_done(60)
        1
        """
        return bisect_right(self.elapsed_s, progress_s + 1e-9)


@attrs.frozen(eq=False)
class Objective:
    """The objective and the duration of a script, from a table: for `Script(curve=...)`.

    Each epoch ends when the table says, and the training takes as long as its last epoch says: `Timings.training_s` and
    `Script.epoch_s` have no effect. A job that goes on from a checkpoint goes on in the table: it does not pay twice for the
    epochs before it. The metric is the table's; a number of epochs, if a hyperparameter has it, ends the training early.

    >>> objective = Objective.from_table([
    ...     {"depth": 2, "epoch": 1, "loss": 0.5, "seconds": 60},
    ...     {"depth": 2, "epoch": 2, "loss": 0.4, "seconds": 100},
    ... ], metric="loss", elapsed_s="seconds")
    >>> objective({"depth": "2"}, 2), objective.run({"depth": "2", "eta": "0.1"}).elapsed_s
    (0.4, (60.0, 100.0))
    """

    names: tuple[str, ...]
    """The hyperparameters that tell one configuration from another; others that a job has do not count."""
    table: Mapping[tuple[str, ...], Run]

    def __call__(self, configuration: Configuration, epoch: int) -> float:
        """The metric after *epoch* epochs; the last one holds from then on. Raises InvalidInput as `run` does."""
        values = self.run(configuration).values
        return values[min(epoch, len(values)) - 1]

    def run(self, configuration: Configuration) -> Run:
        """What this configuration did; raises InvalidInput for one that is not in the table."""
        found = self.table.get(tuple(configuration.get(name, "") for name in self.names))
        if found is None:
            given = {name: configuration.get(name, "") for name in self.names}
            raise invalid("script.curve", given, "one of the table's configurations", f"it has {len(self.table)}")
        return found

    def covers(self, configuration: Configuration) -> bool:
        """Whether the table has this configuration."""
        return tuple(configuration.get(name, "") for name in self.names) in self.table

    @property
    def runs(self) -> tuple[tuple[Configuration, tuple[float, ...]], ...]:
        """Each configuration with its metric by epoch."""
        return tuple((dict(zip(self.names, key, strict=True)), run.values) for key, run in self.table.items())

    @classmethod
    def from_table(
        cls,
        rows: str | Path | Iterable[Mapping[str, Any]],
        *,
        metric: str,
        elapsed_s: str,
        epoch: str = "epoch",
        hyperparameters: Sequence[str] | None = None,
    ) -> Objective:
        """The rows of a file in CSV, JSON or Parquet, records, or a DataFrame: one for each epoch of each configuration.

        *metric*, *elapsed_s* and *epoch* name columns: the objective, the seconds since the start of the training, and
        the epoch, from 1 without gaps. *hyperparameters* are all other columns, unless named. Raises InvalidInput with
        the row for a value that is no number, and for epochs or times that are out of order.
        """
        given = _records(rows)
        if not given:
            raise invalid("from_table", "no rows", "a row for each epoch of each configuration")
        first = given[0][1]
        for name in (metric, elapsed_s, epoch, *(hyperparameters or ())):
            if name not in first:
                raise invalid("from_table", name, "a column of the table", nearest(name, list(first)))
        names = tuple(hyperparameters or (name for name in first if name not in (metric, elapsed_s, epoch)))
        grouped: dict[tuple[str, ...], dict[int, tuple[float, float]]] = {}
        for where, cells in given:
            key = tuple(str(cells.get(name, "")) for name in names)
            number = _number(where, epoch, cells)
            if number != int(number) or number < 1:
                raise invalid(f"{where}: {epoch}", number, "a whole number of 1 or more")
            epochs = grouped.setdefault(key, {})
            if number in epochs:
                raise invalid(f"{where}: {epoch}", number, "each epoch of a configuration once", f"{key} has it twice")
            epochs[int(number)] = (_number(where, metric, cells), _number(where, elapsed_s, cells))
        return cls(names, {key: _run(names, key, epochs) for key, epochs in grouped.items()})

    @classmethod
    def from_blackbox(
        cls, folder: str | Path, *, task: str, metric: str, elapsed_s: str, seed: int = 0, decimals: int | None = None
    ) -> Objective:
        """A blackbox of Syne Tune's repository, as its files have it: `hyperparameters.parquet`, `metadata.json`,
        `objectives_evaluations.npy` and `fidelities_values.npy`.

        *seed* chooses among the repetitions of each configuration. Floating-point hyperparameters are written with
        *decimals* places, and in full without. Raises InvalidInput for a task or an objective that it does not have, and
        for fidelities other than 1, 2, 3 and so on.
        """
        where, numpy = Path(folder), require("numpy", "planning", "reading a blackbox")
        pandas = require("pandas", "planning", "reading a blackbox")
        try:
            known = json.loads((where / "metadata.json").read_text(encoding="utf-8"))
            frame = pandas.read_parquet(where / "hyperparameters.parquet")
            evaluations = numpy.load(where / "objectives_evaluations.npy")
            fidelities = [float(one) for one in numpy.load(where / "fidelities_values.npy")]
        except (OSError, ValueError) as error:
            raise invalid(str(where), str(error), "the files of a blackbox of Syne Tune's repository") from error
        tasks, objectives = list(known["task_names"]), list(known["objectives_names"])
        for name, among in ((task, tasks), (metric, objectives), (elapsed_s, objectives)):
            if name not in among:
                raise invalid("from_blackbox", name, f"one of {', '.join(among)}", nearest(name, among))
        if fidelities != [float(place) for place in range(1, len(fidelities) + 1)]:
            raise invalid("fidelities_values.npy", fidelities[:5], "epochs 1, 2, 3 and so on")
        if not 0 <= seed < evaluations.shape[2]:
            raise invalid("seed", seed, f"0 to {evaluations.shape[2] - 1}")
        chosen = evaluations[tasks.index(task), :, seed]
        values, times = chosen[:, :, objectives.index(metric)], chosen[:, :, objectives.index(elapsed_s)]
        names = tuple(map(str, frame.columns))
        keys = [tuple(_text(cell, decimals) for cell in row) for row in frame.itertuples(index=False, name=None)]
        found = {}
        for key, value, time in zip(keys, values, times, strict=True):
            pairs = zip(map(float, value), map(float, time), strict=True)
            found[key] = _run(names, key, dict(enumerate(pairs, 1)))
        return cls(names, found)


def _records(rows: Any) -> list[table_files.Row]:
    """The rows, each with where it stands."""
    if isinstance(rows, (str, Path)):
        return list(table_files.rows(Path(rows)))
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        rows = rows.to_dict("records")
    return [(f"row {place}", cells) for place, cells in enumerate(rows, 1)]


def _number(where: str, name: str, cells: Mapping[str, Any]) -> float:
    given = cells.get(name)
    try:
        found = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = float("nan")
    if not is_number(found):
        raise invalid(f"{where}: {name}", given, "a number")
    return found


def _text(cell: Any, decimals: int | None) -> str:
    return f"{cell:.{decimals}f}" if decimals is not None and isinstance(cell, float) else str(cell)


def _run(names: tuple[str, ...], key: tuple[str, ...], epochs: Mapping[int, tuple[float, float]]) -> Run:
    shown = dict(zip(names, key, strict=True))
    if sorted(epochs) != list(range(1, len(epochs) + 1)):
        raise invalid(f"epochs of {shown}", sorted(epochs), "1, 2, 3 and so on, without gaps")
    pairs = [epochs[number] for number in range(1, len(epochs) + 1)]
    times = [0.0, *(time for _, time in pairs)]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise invalid(f"seconds of {shown}", times[1:], "seconds since the start, above 0, growing from epoch to epoch")
    return Run(tuple(value for value, _ in pairs), tuple(times[1:]))
