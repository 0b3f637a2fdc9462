"""`hptsim sensitivity`: which inputs move a figure most."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Any

from hptsim import planning
from hptsim.cli import terminal
from hptsim.cli.assignments import varied
from hptsim.cli.exit_codes import SUCCESS
from hptsim.errors import invalid
from hptsim.planning.intervals import check_confidence
from hptsim.scenario.scenario import Scenario


def sensitivity(
    file: Path,
    *,
    between: list[str],
    figure: str = planning.HEADLINE,
    samples: int | None = None,
    replications: int | None = None,
    until: float | None = None,
    warm_up: float = 0.0,
    seed: int = 0,
    confidence: float = 0.95,
    json: bool = False,
    yes: bool = False,
) -> int:
    """Which inputs move a figure most: one at a time with intervals, or all at once by Sobol's indices.

    Parameters
    ----------
    file
        the scenario (TOML or JSON)
    between
        an input and its two ends, PATH=FROM,TO, such as capacity.ml.m5.xlarge=4,8; repeat it for each input
    figure
        what is to be explained
    samples
        Sobol's indices, from this many samples (a power of two, at least 2) times the number of inputs and two; there are at
        least two inputs, which are numbers
    replications
        of each end of an input (without it 20), or of each sample (without it 1)
    until
        end each replication at this many seconds
    warm_up
        tuning jobs that were created before this many seconds do not count
    seed
        the seed of all random streams
    confidence
        of each interval
    json
        print machine-readable results instead of sentences
    yes
        replicate it however much work a replication is expected to be
    """
    check_confidence(confidence)
    inputs = {}
    for path, ends in varied("--between", between).items():
        if len(ends) != 2:
            raise invalid("--between", f"{path}={','.join(map(str, ends))}", "PATH=FROM,TO: two values")
        inputs[path] = (ends[0], ends[1])
    scenario = terminal.accepted(Scenario.load(file), yes)
    settings: planning.Settings = {"until_s": until, "warm_up_s": warm_up}
    if samples is None:
        found = planning.one_at_a_time(
            scenario,
            inputs,
            figure,
            confidence=confidence,
            replications=20 if replications is None else replications,
            seed=seed,
            **settings,
        )
        table, text = found.table, found.sentence()
    else:
        how: Any = {
            "samples": samples,
            "replications": 1 if replications is None else replications,
            "seed": seed,
            **settings,
        }
        table = planning.sobol(scenario, inputs, figure, **how)
        text = f"Sobol's indices of {figure} (estimates, from {samples * (len(inputs) + 2)} points):\n{_indices(table)}"
    if json:
        data = {"scenario": scenario.name, "seed": seed, "figure": figure, "inputs": terminal.records(table)}
        print(dumps(data, indent=2))
    else:
        terminal.console().print(text, highlight=False, soft_wrap=True)
    return SUCCESS


def _indices(table: Any) -> str:
    """A line for each input: its own share of the variance, and that with all it does together with others."""
    lines = [
        f"{row['input']}: {row['first']:.2f} of the variance by itself, {row['total']:.2f} with others."
        for row in table.to_dict("records")
    ]
    shares = table[["first", "total"]]
    if ((shares < 0) | (shares > 1)).any(axis=None):
        lines.append(
            "No share is below 0 or above 1: that an estimate is shows how far off it is; more samples bring it closer."
        )
    return "\n".join(lines)
