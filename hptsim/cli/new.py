"""`hptsim new`: a commented scenario to start from, and the schema with which an editor completes it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from hptsim.cli.exit_codes import SUCCESS
from hptsim.errors import invalid
from hptsim.scenario.json_schema import schema

SCHEMA_FILE = "hptsim.schema.json"


def new(file: Path = Path("scenario.toml"), *, schema_only: bool = False) -> int:
    """Write a commented scenario to start from, and beside it the JSON Schema that an editor completes its keys with.

    Nothing that exists is overwritten, but for a schema that an older hptsim wrote.

    Parameters
    ----------
    file
        the scenario to write, whose name ends in .toml; with --schema-only the schema
    schema_only
        write the schema alone
    """
    if not schema_only and file.suffix != ".toml":
        raise invalid("file", str(file), "a name that ends in .toml")
    if file.exists():
        raise invalid("file", str(file), "a file that does not exist yet", "give another name, or remove it")
    beside = file if schema_only else file.parent / SCHEMA_FILE
    beside.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
    if schema_only:
        print(f"wrote {file}")
        return SUCCESS
    text = resources.files("hptsim.cli").joinpath("new_scenario.toml").read_text("utf-8")
    file.write_text(text, encoding="utf-8")
    print(f"wrote {file} and {beside}; next: hptsim run {file}")
    return SUCCESS
