"""docs/validation/precision.md, from what `benchmarks/precision.py` and `benchmarks/stratified.py` measure.

`python benchmarks/precision_page.py [SEEDS [SEQUENCES [GROUPS]]]` measures and writes it, in about half an hour.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from precision import KNOWN, RELATIVE, answers, coverage, gains
from stratified import tried

PAGE = Path(__file__).parent.parent / "docs" / "validation" / "precision.md"

HEAD = """# Time to a precise answer

Seconds of processor time until a mean is known to {relative:.0%} with 95 % confidence (half of the interval over the mean), by
`python benchmarks/precision_page.py`, the median of some answers, on a machine with other work. hptsim asks `until_precise` with
`variance_reduction="auto"`; bare simpy and Ciw make plain replications of the same models. All have hptsim's intervals and look
again when half as many more replications are done, plain ones first after 20, corrected ones after 10.

M/M/20: the mean wait of the last 1,000 of 1,500 customers at a load of 0.9. Nightly: the 95 %
quantile of the waits of the README's 100 tuning jobs under a quota of 5.

| question | program | seconds | replications | mean (s) | answers |
|---|---|---|---|---|---|
{rows}

In both questions the plain queue is all that the simulation is. Its deviation from its own mean is taken off as it is, with a
factor of 1, so that the ten replications which have shown this are those of the answer. The mean of the plain queue is found by
hundreds of its runs at once, in arrays, each of which costs less than 1/500 of a simulation, and about 1/60 of one of simpy.
Nearly all the time goes into those ten simulations. One of them takes ten to fifteen times as long as one of simpy: it has the
rules, the journal and all figures of the service, not the waits alone.

Where the first ten replications show that plain ones are soon enough, `auto` goes on with plain ones, and all of them count.
An answer of ten simulations has hardly seen what happens in one of thirty. Where there are faults, the replications that chose a
technique are therefore no part of the answer, and plain ones remain the safe choice where faults are rare and matter.

## What each technique gains

The twin is no plain queue where the controller acts in passes and training jobs follow each other on warm instances: the office
hours of [the planner's tutorial](../tutorials/planning.md) with typical timings and 18 instances, to 10 %. The gain is that of
the sentence: how many times fewer replications than plain ones for an interval as narrow, by the variance of that run.

| figure | asked for | taken | replications | gain | seconds |
|---|---|---|---|---|---|
{gains}

## Stratified draws are left out

A group of k replications between which each number of each random stream is spread evenly, one in each k-th of its range (a Latin
hypercube), is one observation, as an antithetic pair is. `python benchmarks/stratified.py {groups}` tries it with {groups} groups
of each size: how many times fewer replications than plain ones give the same variance, with a standard error (of normal
figures; these are skewed, and less sure). Of "first draws"
only the first gap of arrivals and what is drawn once for each training job are spread.

| question | figure | {techniques} |
|---|---|{columns}
{stratified}

{verdict}

## Coverage

How often the interval covers a mean that is known. Ten of M/M/1: the mean wait of the first ten customers at a load of 0.5, by
Spitzer's identity, where replication stops at a half width of 20 % of the mean or after 300. Nightly: the 95 % quantile of
above, to 5 %; it is known to half a second by {known:,} runs of bare simpy. Of {sequences} sequences, so that the shares
are known to about {error:.1%} (a standard error). Stopping when it looks good costs some coverage, plain or not.

| question | technique | covered, of 95 % | replications on average |
|---|---|---|---|
{covered}
"""
VERDICT = """\
Spreading first draws alone gains hardly more than its standard error. Spreading all draws gains at most about twice: little more
than controls, for which each replication is an observation, and far less than the plain queue of the tables above. Groups could
matter where neither applies, as with times that depend on hyperparameters. There a pilot of ten groups of five and ten more for
a first look take 100 replications before anything is gained; antithetic pairs, which are offered there, take 60. That is not
worth another kind of random stream."""


def page(
    measured: Sequence[dict[str, Any]],
    gained: Sequence[dict[str, Any]],
    covered: Sequence[dict[str, Any]],
    spread: Sequence[dict[str, Any]],
    *,
    sequences: int,
    groups: int,
) -> str:
    """The page of the documentation."""
    techniques = list(dict.fromkeys(row["technique"] for row in spread))
    asked = list(dict.fromkeys((row["question"], row["column"]) for row in spread))
    found = {
        (row["question"], row["column"], row["technique"]): f"{row['gain']:.2f} ± {row['error']:.2f}" for row in spread
    }
    return HEAD.format(
        relative=RELATIVE,
        rows="\n".join(
            f"| {row['question']} | {row['program']} | "
            + (
                f"left out: {row['left_out']} | | | |"
                if "left_out" in row
                else f"{row['seconds']:.{1 if row['seconds'] >= 1 else 2}f} | {row['replications']:,} | {row['mean']:.1f} "
                f"| {row['answers']} |"
            )
            for row in measured
        ),
        gains="\n".join(
            f"| {row['column']} | {row['asked']} | {row['technique']} | {row['replications']:,} | "
            f"{row['gain']:,.1f} | {row['seconds']:.1f} |"
            for row in gained
        ),
        groups=groups,
        techniques=" | ".join(techniques),
        columns="---|" * len(techniques),
        stratified="\n".join(
            f"| {question} | {column} | {' | '.join(found[question, column, one] for one in techniques)} |"
            for question, column in asked
        ),
        verdict=VERDICT,
        covered="\n".join(
            f"| {row['question']} | {row['technique']} | {row['covered']:.1%} | {row['replications']:.0f} |"
            for row in covered
        ),
        sequences=sequences,
        known=KNOWN,
        error=math.sqrt(0.95 * 0.05 / sequences),
    )


def main(arguments: list[str]) -> None:
    """Measure, and write the page."""
    counts = [int(one) for one in arguments]
    seeds, sequences, groups = [*counts, *(3, 400, 250)[len(counts) :]]
    measured = list(answers(seeds)), list(gains()), list(coverage(sequences)), list(tried(groups))
    PAGE.write_text(page(*measured, sequences=sequences, groups=groups), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
