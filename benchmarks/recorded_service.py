"""Writes docs/validation/recorded-service.md and its picture: the twin beside what was observed of the live service.

    python benchmarks/recorded_service.py

Needs scipy, matplotlib, and the data that benchmarks/observed.py reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import attrs
import numpy as np
import twin_times
from fit_timings import FEW, UPLOADING, Fit, before, eras, fits, fitted, likelihoods, since
from observed import DATA, POLL_S, Run, Sample, gaps, logged, logged_phase, runs, starting
from scipy import stats
from twin_times import NOW, OLD, Reproduced, phases, reproduce, slot_gaps, whole

from hptsim.scenario import Recorded, Timings

FOLDER = Path(__file__).parent.parent / "docs" / "validation"
PAGE, PICTURE = FOLDER / "recorded-service.md", FOLDER / "recorded-service.png"
WORDS = Path(__file__).with_suffix(".md")
CONFIDENCE = 0.95
QUANTILES = (0.1, 0.5, 0.9)
LEAST = 6
"""A tuning job that is not complete needs this many recorded training jobs to be reproduced."""


@attrs.frozen
class Phase:
    """One row of the table of phases."""

    name: str
    observed: Sample
    twin_s: Sequence[float]
    fit: Fit | None = None

    def interval(self, share: float) -> tuple[float | None, float | None]:
        """Between which order statistics a quantile lies, by the binomial distribution; None where the sample is too small.

        Intervals of the sample count with their low ends for the lower bound and with their high ends for the upper one.
        """
        low, high = self.observed.ends()
        count, tail = len(low), (1 - CONFIDENCE) / 2
        first, last = int(stats.binom.ppf(tail, count, share)), int(stats.binom.ppf(1 - tail, count, share)) + 1
        return (low[first - 1] if first else None), (high[last - 1] if last <= count else None)

    def quantile(self, share: float) -> tuple[float, float]:
        """A quantile of the sample, with its intervals at their low and at their high ends."""
        low, high = (float(np.quantile(times, share)) for times in self.observed.ends())
        return low, high

    def cell(self, share: float) -> str:
        """Twin, observed and the interval, in seconds."""
        low, high = self.quantile(share)
        seen = f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
        ends = " to ".join("?" if end is None else f"{end:.0f}" for end in self.interval(share))
        return f"{np.quantile(self.twin_s, share):.0f} / {seen} ({ends})"

    @property
    def inside(self) -> bool:
        """Whether each of the twin's quantiles lies in its interval, as far as that has ends."""
        found = []
        for share in QUANTILES:
            (low, high), twin_s = self.interval(share), np.quantile(self.twin_s, share)
            found.append((low is None or low <= twin_s) and (high is None or twin_s <= high))
        return all(found)


def table() -> list[Phase]:
    """The phases, with what was observed and what the twin does."""
    found, observed = fits(), runs()
    cpu, tuned = phases(NOW, "ml.m5.large"), phases(NOW, "ml.m5.large", tuned=True)
    twins = {
        "starting CPU": cpu["Starting"],
        "starting CPU, spot": phases(NOW, "ml.m5.large", spot=True)["Starting"],
        "starting GPU": phases(NOW, "ml.p3.2xlarge")["Starting"],
        "starting p4d": phases(NOW, "ml.p4d.24xlarge")["Starting"],
        "starting CPU, 2020": phases(OLD, "ml.m5.large")["Starting"],
        "downloading": cpu["Downloading"],
        "uploading": cpu["Uploading"],
        "warm starting": tuned["Starting"],
    }
    rows = [Phase(name, one.sample, twins[name], one) for name, one in found.items()]
    for name, reuse, twin_s in (
        ("slot free to next TrainingStart", True, slot_gaps(NOW, "ml.m5.large")),
        ("slot free to next TrainingStart, 2020", False, slot_gaps(OLD, "ml.m5.large")),
    ):
        seen = tuple(gap for run in observed if run.reuse is reuse for gap in gaps(run))
        rows.append(Phase(name, Sample(seen), twin_s))
    return rows


def goodness(one: Fit) -> str:
    """How probable a worse fit is if the distribution is right (see the page)."""
    sample, frozen = one.sample, one.distribution
    if one.name == "warm starting":
        return "–"
    if not sample.within:
        known = {"loc": 0.0, **({"c": one.shape} if sample.count < FEW else {})}
        options: dict[str, Any] = {"known_params": known, "statistic": "ad", "n_mc_samples": 199, "rng": 1}
        return f"AD {stats.goodness_of_fit(stats.fisk, np.array(sample.exact), **options).pvalue:.2f}"
    if all(low == 0 for low, _ in sample.within):
        most = max(high for _, high in sample.within)
        above = [time_s for time_s in sample.exact if time_s > most]
        shares = (frozen.cdf(above) - frozen.cdf(most)) / frozen.sf(most)
    else:
        ends = [(time_s, time_s) for time_s in sample.exact] + list(sample.within)
        shares = np.mean([frozen.cdf(np.array(pair)) for pair in ends], axis=1)
    return f"KS {stats.kstest(shares, 'uniform').pvalue:.2f}, n = {len(shares)}"


def phase_lines(rows: Sequence[Phase]) -> list[str]:
    """The table of phases."""
    lines = [
        "| phase | n | of them in intervals | 10 % | median | 90 % | fit | all in |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = " | ".join(row.cell(share) for share in QUANTILES)
        fit = goodness(row.fit) if row.fit else "–"
        within = len(row.observed.within)
        name = f"{row.name} ({row.fit.about})" if row.fit else row.name
        lines.append(
            f"| {name} | {row.observed.count} | {within} | {cells} | {fit} | {'yes' if row.inside else 'no'} |"
        )
    return lines


def error(run: Run, found: Reproduced) -> float:
    """By how much of the recorded makespan the twin's is longer."""
    return found.makespan_s / run.makespan_s - 1


def run_lines(reproduced: Sequence[tuple[Run, Reproduced]]) -> list[str]:
    """The table of runs."""
    head = "| tuning job | type | slots | recorded | observed s | twin s (5 % to 95 %) | error | median error of a start, s |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for run, found in reproduced:
        slots = f"{run.parallel}{'' if run.parallel_recorded else ' (inferred)'}"
        low, high = np.quantile(found.makespans_s, (0.05, 0.95))
        late = median(map(abs, found.start_errors_s))
        kind = f"{run.instance_type}{', spot' if run.spot else ''}"
        lines.append(
            f"| {run.name} | {kind} | {slots} | {len(run.times_s)} of {max(run.times_s)} | {run.makespan_s:.0f} "
            f"| {found.makespan_s:.0f} ({low:.0f} to {high:.0f}) | {error(run, found):+.1%} | {late:.0f} |"
        )
    return lines


def summary(reproduced: Sequence[tuple[Run, Reproduced]]) -> str:
    """Median and worst relative error, and how often the recorded makespan is within the twin's range."""
    errors = [error(*one) for one in reproduced]
    inside = sum(
        low <= run.makespan_s <= high
        for run, found in reproduced
        for low, high in [np.quantile(found.makespans_s, (0.05, 0.95))]
    )
    return (
        f"{len(errors)} runs: median relative error {median(map(abs, errors)):.1%} (with sign {median(errors):+.1%}), worst "
        f"{max(errors, key=abs):+.1%}; the recorded makespan lies in the twin's range for {inside}."
    )


def fifty(observed: Sequence[Run]) -> list[str]:
    """The run of May 2024 from end to end: 50 training jobs, 3 at a time."""
    run = next(one for one in observed if one.name == "bayesian-240530-2035")
    usual_s = median(run.lengths_s)
    lengths = [end - start for start, end in (run.times_s.get(o, (0.0, usual_s)) for o in range(1, 51))]
    recorded = [Recorded(training_s=length, downloading_s=0, uploading_s=0) for length in lengths]
    cases = [
        ("the service, extrapolated from 16 of 50 training jobs", (1100.0, 2000.0)),
        ("the twin with the recorded lengths", whole(Timings.typical(), recorded, 3, 50)),
        ("the twin's own phases with `training_s=0`", whole(Timings.typical(training_s=0), (), 3, 50)),
        ("the first version of the twin with `training_s=0`", (1665.0, 2800.0)),
    ]
    rows = [f"| {name} | {time_s:,.0f} | {billed_s:,.0f} |" for name, (time_s, billed_s) in cases]
    return ["| | from creation to end, s | billed, s |", "|---|---|---|", *rows]


def late_by_a_poll(sample: Sample) -> float:
    """The fitted median if each time were anywhere up to a poll shorter than stamped."""
    within = tuple((max(0.0, time_s - POLL_S), time_s) for time_s in sample.exact) + sample.within
    return fitted(stats.fisk, Sample((), within))[1]


def page(rows: Sequence[Phase], reproduced: Sequence[tuple[Run, Reproduced]], left_out: Sequence[Run]) -> str:
    """The page: the words of `recorded_service.md` with the figures in their places."""
    complete = [one for one in reproduced if one[0].complete]
    filled = [one for one in reproduced if not one[0].complete]
    missing = [f"* {run.name}: {len(run.times_s)} of {max(run.times_s)} training jobs recorded" for run in left_out]
    places = {
        "PHASES": phase_lines(rows),
        "ERAS": [f"* {name}: {p_value:.2g}" for name, p_value in eras().items()],
        "FAMILIES": [f"* {name}: {value:.1f}" for name, value in likelihoods().items()],
        "COMPLETE": [*run_lines(complete), "", summary(complete)],
        "FILLED": [*run_lines(filled), "", summary(filled)],
        "LEFT_OUT": missing,
        "FIFTY": fifty([one for one, _ in reproduced]),
    }
    jobs = logged()
    cpu = starting([job for job in since(jobs, "2023") if job.cpu and not job.spot])
    places["CENSORED"] = [f"{late_by_a_poll(cpu):.0f}"]
    uploads = [logged_phase(some, UPLOADING) for some in (since(jobs, "2023"), before(jobs, "2022-10"))]
    places["UPLOADS"] = [" and ".join(f"{fitted(stats.fisk, one)[1]:.0f}" for one in uploads)]
    text = WORDS.read_text(encoding="utf-8")
    for place, lines in places.items():
        text = text.replace(f"{{{{{place}}}}}", "\n".join(lines))
    return text


def draw(rows: Sequence[Phase], reproduced: Sequence[tuple[Run, Reproduced]]) -> None:
    """Quantiles by phase with their intervals, and predicted over observed makespans; on white, for pages of any color."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 6), gridspec_kw={"width_ratios": [3, 2]}, facecolor="white")
    for place, row in enumerate(reversed(rows)):
        for share, color, shift in zip(QUANTILES, ("#0072b2", "#000000", "#d55e00"), (0.22, 0.0, -0.22), strict=True):
            low, high = row.quantile(share)
            from_s, to_s = row.interval(share)
            ends = [max(0.8, low if from_s is None else from_s), high if to_s is None else to_s]
            left.plot(ends, [place + shift] * 2, color=color, linewidth=2.5, solid_capstyle="butt", alpha=0.55)
            left.plot(max(0.8, (low + high) / 2), place + shift, "|", color=color, markersize=9, markeredgewidth=2)
            left.plot(
                np.quantile(row.twin_s, share), place + shift, "D", color=color, markersize=5, markeredgecolor="white"
            )
    left.set_yticks(range(len(rows)), [f"{row.name} (n = {row.observed.count})" for row in reversed(rows)])
    left.set(
        xscale="log", xlabel="seconds", title="10 %, 50 %, 90 %: twin (diamond), observed (tick) with 95 % interval"
    )
    left.grid(axis="x", alpha=0.3)
    kinds = {"complete": (True, "o", "#0072b2"), "missing jobs filled in": (False, "s", "#d55e00")}
    for label, (complete, marker, color) in kinds.items():
        chosen = [(run, found) for run, found in reproduced if run.complete is complete]
        middle = [found.makespan_s for _, found in chosen]
        spread = [np.quantile(found.makespans_s, (0.05, 0.95)) for _, found in chosen]
        bars = np.abs(np.transpose(spread) - middle)
        right.errorbar(
            [run.makespan_s for run, _ in chosen], middle, bars, fmt=marker, color=color, label=label, capsize=3
        )
    ends = [400, 13000]
    right.plot(ends, ends, color="#555555", linewidth=1, label="equal")
    right.set(
        xscale="log", yscale="log", xlabel="observed makespan, s", ylabel="twin's makespan, s", title="Recorded runs"
    )
    right.legend(frameon=False)
    right.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=90, metadata={"Software": None})


def gathered() -> tuple[list[Phase], list[tuple[Run, Reproduced]], list[Run]]:
    """The phases, the runs that are reproduced, and those that are not."""
    observed = runs()
    enough = [run for run in observed if run.complete or len(run.times_s) >= LEAST]
    return table(), [(run, reproduce(run)) for run in enough], [run for run in observed if run not in enough]


if __name__ == "__main__":
    if not DATA.is_dir():
        raise SystemExit(f"{DATA}: not found; HPTSIM_OBSERVED names the folder with timings.csv and tuning_runs.json")
    all_rows, all_runs, others = gathered()
    PAGE.write_text(page(all_rows, all_runs, others), encoding="utf-8")
    draw(all_rows, all_runs)
    print(f"{PAGE} and {PICTURE}, from {twin_times.DRAWS} training jobs for each phase")
