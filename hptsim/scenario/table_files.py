"""The rows of a file of jobs as cells of text: CSV with any usual separator, JSON, JSON Lines, and Parquet.

A nested record of JSON has a cell for each leaf, named by its path: ResourceConfig.InstanceType.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from hptsim.errors import invalid
from hptsim.optional import require

Row = tuple[str, Mapping[str, Any]]
"""Where a row stands in its file, and its cells by column: text, or what JSON has that is no leaf."""
_SEPARATORS = ",|;\t"


def rows(path: Path, header: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of a file; *header* names the columns of a CSV file that has none. Raises InvalidInput for what is no table.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "jobs.csv")
    ...     _ = path.write_text("id| submitted\\n7| 30\\n")
    ...     list(rows(path))
    [('jobs.csv:2', {'id': '7', 'submitted': '30'})]
    """
    try:
        if path.is_dir() or path.suffix == ".parquet":
            yield from _parquet(path)
            return
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            if first.lstrip().startswith(("{", "[")):
                yield from _json(path.name, file)
            else:
                yield from _csv(path, file, first, header)
    except (OSError, UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        raise invalid(str(path), str(error), "a readable table in CSV, JSON or Parquet") from error


def columns(path: Path, sample: Sequence[Row]) -> list[str]:
    """The names of a file's columns: those of its first rows, *sample*, or where there are none of its first line."""
    if sample or path.is_dir() or path.suffix == ".parquet":
        return list(dict.fromkeys(name for _, cells in sample for name in cells))
    with path.open(newline="", encoding="utf-8-sig") as file:
        first = file.readline()
    found = next(csv.reader([first], delimiter=_separator(first), skipinitialspace=True), [])
    return [name.strip() for name in found]


def _csv(path: Path, file: Any, first: str, header: Sequence[str]) -> Iterator[Row]:
    reader = csv.reader(file, delimiter=_separator(first), skipinitialspace=True)
    names = list(header) or [name.strip() for name in next(reader, [])]
    for number, cells in enumerate(reader, start=1):
        if number == 1 and header and [cell.strip() for cell in cells] == names:
            continue  # a header after all
        if cells:
            yield f"{path.name}:{reader.line_num}", dict(zip(names, map(str.strip, cells), strict=False))


def _separator(first: str) -> str:
    return max(_SEPARATORS, key=first.count)


def _json(name: str, file: Any) -> Iterator[Row]:
    """One value with all records, or one on each line."""
    try:
        values: Iterable[Any] = [json.load(file)]
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        file.seek(0)
        values = (json.loads(line) for line in file if line.strip())
    records = chain.from_iterable(map(_records, values))
    for number, record in enumerate(records, start=1):
        if not isinstance(record, Mapping):
            raise invalid(f"{name}: record {number}", record, "an object with the cells of a job")
        yield f"{name}: record {number}", dict(_leaves(record, ""))


def _records(value: Any) -> Iterator[Any]:
    """The records in a value: those of a list, of the only list in an answer of the service, or itself."""
    if isinstance(value, list):
        for one in value:
            yield from _records(one)
        return
    listed = [one for key, one in value.items() if key.endswith("Summaries")] if isinstance(value, Mapping) else []
    yield from listed[0] if listed else [value]


def _leaves(record: Mapping[str, Any], below: str) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{below}{key}.")
        else:
            yield f"{below}{key}", value if isinstance(value, list) else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _parquet(path: Path) -> Iterator[Row]:
    """A file, or a folder of them whose names say more columns: day=0/hour=07/part-000.parquet."""
    if not path.exists():
        raise FileNotFoundError(f"no such file: {path}")
    dataset = require("pyarrow.dataset", "planning", "tables in Parquet").dataset(path, partitioning="hive")
    number = 0
    for batch in dataset.to_batches():
        for record in batch.to_pylist():
            number += 1
            yield f"{path.name}: record {number}", {name: _text(value) for name, value in record.items()}
