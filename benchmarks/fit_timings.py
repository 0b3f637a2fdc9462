"""Fits `Timings.typical()` to what was observed: writes hptsim/scenario/observed_timings.toml.

    python benchmarks/fit_timings.py

Needs scipy, and the data that benchmarks/observed.py reads. Every distribution has at most two parameters. docs/validation
shows how well they fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import attrs
import numpy as np
from observed import Job, Run, Sample, exact, gaps, logged, logged_phase, runs, starting, warm_starting
from scipy import special, stats

PATH = Path(__file__).parent.parent / "hptsim" / "scenario" / "observed_timings.toml"
OLD, NOW = 2020, 2023
FEW = 10
"""With fewer than this many observations a phase has no shape of its own: it takes that of CPU types."""
DOWNLOADING, UPLOADING = "Downloading→Training", "Uploading→Completed"
FAMILIES = {"loglogistic": stats.fisk, "lognormal": stats.lognorm}


@attrs.frozen
class Fit:
    """A log-logistic distribution, and what it was fitted to."""

    name: str
    sample: Sample
    median_s: float
    shape: float
    about: str

    @property
    def distribution(self) -> Any:
        """As scipy has it."""
        return stats.fisk(self.shape, scale=self.median_s)

    @property
    def spelled(self) -> str:
        """As a scenario file has it."""
        return f"{{ loglogistic = {{ median_s = {self.median_s:g}, shape = {self.shape:g} }} }}"


def fitted(family: Any, sample: Sample, **fixed: float) -> tuple[float, float, float]:
    """Shape, scale and log-likelihood of greatest likelihood, with intervals as what they are (interval censoring)."""
    data = stats.CensoredData(uncensored=sample.exact, interval=np.reshape(sample.within, (-1, 2)))
    with np.errstate(divide="ignore"):  # the logarithm of 0, at the ends of intervals
        shape, _, scale = family.fit(data, floc=0, **fixed)
    between = [family.cdf(high, shape, 0, scale) - family.cdf(low, shape, 0, scale) for low, high in sample.within]
    return shape, scale, float(np.sum(family.logpdf(sample.exact, shape, 0, scale)) + np.sum(np.log(between)))


def fit(name: str, sample: Sample, about: str, shape: float | None = None) -> Fit:
    """The log-logistic fit of a sample, to three digits; *shape* is fixed where the sample is too small for its own."""
    fixed = {"f0": shape} if shape is not None and sample.count < FEW else {}
    own, scale, _ = fitted(stats.fisk, sample, **fixed)
    return Fit(name, sample, _digits(scale), _digits(own), about)


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def since(jobs: Sequence[Job], month: str) -> list[Job]:
    """Those of that month and later ones."""
    return [job for job in jobs if job.date >= month]


def before(jobs: Sequence[Job], month: str) -> list[Job]:
    """Those of earlier months."""
    return [job for job in jobs if job.date < month]


def samples() -> dict[str, tuple[Sample, str]]:
    """What each distribution is fitted to, and a description of it."""
    jobs = logged()
    now, old = since(jobs, "2023"), before(jobs, "2022-10")
    cpu = [job for job in jobs if job.cpu]
    exact_cpu = exact("Starting", lambda row: row["instance_type"].startswith("ml.m5"))
    exact_gpu = exact("Starting", lambda row: row["instance_type"].startswith("ml.p3"))
    small = [job for job in jobs if not job.large]
    return {
        "starting CPU": (starting([job for job in now if job.cpu and not job.spot]) + exact_cpu, "since 2023"),
        "starting CPU, spot": (starting([job for job in since(cpu, "2022-10") if job.spot]), "since October 2022"),
        "starting GPU": (starting([job for job in jobs if job.gpu]) + exact_gpu, "all years, spot or not"),
        "starting p4d": (starting([job for job in jobs if job.large]), "all years"),
        "starting CPU, 2020": (starting([job for job in old if job.cpu]), "before October 2022, spot or not"),
        "downloading": (logged_phase(small, DOWNLOADING) + exact("Downloading"), "all years, all types but p4d"),
        "uploading": (logged_phase(jobs, UPLOADING) + exact("Uploading"), "all years, all types"),
    }


def fits() -> dict[str, Fit]:
    """All fits by name."""
    found: dict[str, Fit] = {}
    for name, (sample, about) in samples().items():
        cpu = found.get("starting CPU")
        found[name] = fit(name, sample, about, cpu and cpu.shape)
    found["warm starting"] = warm()
    return found


WARM_COUNT, WARM_MEDIAN_S, WARM_RANGE_S = 10, 4.5, (3.0, 12.0)
"""Warm starting as it was published with the data: of these ten only three stand in `timings.csv`."""


def warm() -> Fit:
    """Three values are too few: the published median, and the shape whose expected range of ten is the published one.

    The logarithm of a log-logistic time is logistic; the expected range of n of them is 2 (psi(n) - psi(1)) / shape.
    """
    expected_range = 2 * (special.digamma(WARM_COUNT) - special.digamma(1))
    shape = expected_range / np.log(WARM_RANGE_S[1] / WARM_RANGE_S[0])
    about = f"published: n = {WARM_COUNT}, median {WARM_MEDIAN_S:g}, range {WARM_RANGE_S[0]:g} to {WARM_RANGE_S[1]:g}"
    return Fit("warm starting", warm_starting(), WARM_MEDIAN_S, _digits(shape), about)


def likelihoods() -> dict[str, float]:
    """The log-likelihood of each family over all samples, each with its own two parameters: which family is used."""
    return {
        name: sum(fitted(family, sample)[2] for sample, _ in samples().values()) for name, family in FAMILIES.items()
    }


PERIOD_S = 10.0
"""Of the controller, by the recorded stamps."""


def eras() -> dict[str, float]:
    """How probable it is that years differ by so much if they do not, by phase: a likelihood ratio test.

    One log-logistic distribution for all, against one since 2023 and one before October 2022; on CPU types where there are
    enough, since the mix of types changed too.
    """
    jobs = logged()
    cpu = [job for job in jobs if job.cpu]

    def p_value(jobs: Sequence[Job], sample: Callable[[Sequence[Job]], Sample]) -> float:
        now, old = (sample(some) for some in (since(jobs, "2023"), before(jobs, "2022-10")))
        apart, together = (sum(fitted(stats.fisk, one)[2] for one in some) for some in ((now, old), (now + old,)))
        return float(stats.chi2.sf(2 * (apart - together), df=2))

    return {
        "starting CPU": p_value([job for job in cpu if not job.spot], starting),
        "starting GPU": p_value([job for job in jobs if job.gpu], starting),
        "downloading": p_value(cpu, lambda some: logged_phase(some, DOWNLOADING)),
        "uploading": p_value(cpu, lambda some: logged_phase(some, UPLOADING)),
    }


def launch_s(found: dict[str, Fit], observed: Sequence[Run]) -> dict[int, float]:
    """From an end to the next launch: the median time between two jobs of a slot, less the median of what else is in it."""
    draws = (np.arange(2000) + 0.5) / 2000
    rng = np.random.default_rng(0)

    def rest_s(start: Fit) -> float:
        waits = PERIOD_S * draws
        return float(np.median(rng.permutation(waits) + start.distribution.ppf(draws)))

    now = [gap for run in observed if run.reuse for gap in gaps(run)]
    old = [
        gap - rest_s(found["starting GPU" if run.instance_type.startswith("ml.p") else "starting CPU, 2020"])
        for run in observed
        if not run.reuse
        for gap in gaps(run)
    ]
    return {NOW: round(median(now) - rest_s(found["warm starting"]), 1), OLD: round(median(old), 1)}


HEAD = """# Written by benchmarks/fit_timings.py; do not edit. `Timings.typical()` reads it.
# How well it fits what was observed: docs/validation/recorded-service.md.

"""
COMMON = """training_s = 103 # one training job of XGBoost on MNIST; the script's own time says nothing about the service
teardown_s = { loglogistic = { median_s = 75, shape = 5.36 } } # reported: one to three minutes, median about 75 s
teardown_downloading_s = 1 # one stop while Downloading: one second of training
shortage_retry_s = { uniform = { low_s = 1680, high_s = 3480 } } # reported: three waits for GPU capacity, 28 to 58 minutes
"""


def text() -> str:
    """The file."""
    found, launches = fits(), launch_s(fits(), runs())

    def line(key: str, name: str) -> str:
        one = found[name]
        return f"{key} = {one.spelled} # n = {one.sample.count}, {one.about}"

    def by_type(key: str, **names: str) -> list[str]:
        begins = {"*": names["cpu"], **dict.fromkeys(("ml.g", "ml.p", "ml.trn"), names["gpu"])}
        begins.update(dict.fromkeys(("ml.p4", "ml.p5"), "starting p4d"))
        return [f"[{key}.by_instance_type.values_s]", *(line(f'"{begin}"', name) for begin, name in begins.items())]

    controller = [
        "controller_first_pass_s = { uniform = { low_s = 0.2, high_s = 3.4 } } # three recorded tuning jobs",
        f"controller_period_s = {PERIOD_S} # two stamps 9.946 s apart",
        "controller_jitter_s = 0.5 # assumed",
        "first_launch_s = 5.8 # two stamps 5.823 s apart; again to the third pass",
        "finish_s = { uniform = { low_s = 0, high_s = 20 } } # two: at most 6 s after the last end, and 25 s",
    ]
    return "\n".join(
        [
            HEAD + f'["{NOW}"]',
            *controller,
            f"launch_s = {launches[NOW]} # so that the median time between two jobs of a slot is that observed",
            line("warm_starting_s", "warm starting"),
            line("downloading_s", "downloading"),
            "warm_downloading_s = { uniform = { low_s = 0, high_s = 10 } } # bounded by whole warm training jobs, not seen",
            line("uploading_s", "uploading"),
            COMMON,
            *by_type(f'"{NOW}".starting_s', cpu="starting CPU", gpu="starting GPU"),
            "",
            *by_type(f'"{NOW}".spot_starting_s', cpu="starting CPU, spot", gpu="starting GPU"),
            "",
            f'["{OLD}"] # no reuse of instances: every start is a cold one',
            *controller,
            f"launch_s = {launches[OLD]} # the same, with a cold start in between",
            line("downloading_s", "downloading"),
            line("uploading_s", "uploading"),
            COMMON,
            *by_type(f'"{OLD}".starting_s', cpu="starting CPU, 2020", gpu="starting GPU"),
            "",
            *by_type(f'"{OLD}".warm_starting_s', cpu="starting CPU, 2020", gpu="starting GPU"),
            "",
        ]
    )


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    print(f"{PATH}: log-likelihoods {likelihoods()}")
