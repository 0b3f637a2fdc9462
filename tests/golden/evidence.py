"""What must not change by accident: journals of fixed scenarios, the explorer's counts, the public surface.

`python tests/golden/evidence.py` writes the evidence anew; a change of it says why in its commit. When journals have changed,
run `python tests/golden/evidence.py versions` under the other versions of Python, too.
"""

import contextlib
import hashlib
import importlib
import inspect
import io
import json
import platform
import random
import sys
from pathlib import Path

import hptsim
from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.cli.run import demo
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import (
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
)
from hptsim.model.journal import encode
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.durations import Exponential, LogNormal, Uniform
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

FOLDER = Path(__file__).parent
TYPES = ("ml.m5.xlarge", "ml.g5.xlarge")
RANGE = (ParameterRange("rate", "Continuous", 0.0, 1.0),)
SEARCHES = (
    {},
    {},
    {"ranges": RANGE, "strategy": "Bayesian"},
    {"ranges": RANGE, "strategy": "Hyperband", "hyperband": Hyperband(1, 3)},
    {"criteria": CompletionCriteria(target=0.5)},
    {"early_stopping": True},
)


def _definition(rng):
    spot = rng.random() < 0.3
    runtime_s = rng.choice([86400.0, 150.0])
    other = InstanceRequest(TYPES[1], 1)
    return TrainingJobDefinition(
        instances=InstanceRequest(TYPES[0] if rng.random() < 0.7 else TYPES[1], rng.choice([1, 1, 2])),
        checkpoint_uri=rng.choice([None, "s3://bucket/checkpoints"]),
        spot=spot,
        input_mode=rng.choice(["File", "File", "Pipe"]),
        max_runtime_s=runtime_s,
        max_wait_s=runtime_s + 200.0 if spot else None,
        max_retries=rng.choice([0, 0, 1, 3]),
        alternatives=(other,) if rng.random() < 0.2 else (),
    )


def _spec(rng, name):
    search = rng.choice(SEARCHES)
    several = "early_stopping" not in search and rng.random() < 0.3
    definitions = tuple(_definition(rng) for _ in range(2 if several else 1))
    limits = ResourceLimits(rng.randint(1, 6), rng.randint(1, 3), rng.choice([None, None, 300.0]))
    return TuningJobSpec(name, definitions, limits, priority=rng.randint(0, 2), **search)


def _faults(rng):
    return Faults(
        internal_error=rng.choice([0.0, 0.0, 0.3]),
        client_error=rng.choice([0.0, 0.0, 0.1]),
        capacity_shortage=rng.choice([0.0, 0.0, 0.4]),
        algorithm_errors_per_hour=rng.choice([0.0, 0.0, 10.0]),
        spot_interruptions_per_hour=rng.choice([0.0, 20.0]),
    )


def scenario(seed):
    """One of the scenarios whose journals are kept, drawn by Python's own generator: the same in every version."""
    rng = random.Random(seed)
    jobs = []
    for number in range(rng.randint(1, 4)):
        at_s = float(rng.randint(0, 100))
        stop_at_s = None if rng.random() < 0.4 else at_s + rng.choice([0, 5, 50, 80, 130, 260, 300, 700])
        jobs.append(ScheduledTuningJob(_spec(rng, f"tuning-{number}"), at_s, stop_at_s))
    arrivals = ()
    if rng.random() < 0.3:
        arrivals = (Arrivals(_spec(rng, "arrival"), rng.choice([Exponential(60.0), 30.0]), count=3),)
    timings = rng.choice(
        [
            Timings(starting_s=Exponential(60.0), training_s=LogNormal(100.0, 0.5), uploading_s=60.0),
            Timings(starting_s=Uniform(50.0, 90.0), warm_starting_s=20.0, downloading_s=40.0, training_s=120.0),
            Timings(starting_s=30.0, training_s=100.0, uploading_s=7.0, stop_propagation_s=15.0),
        ]
    )
    return Scenario(
        capacity={kind: rng.randint(2, 6) for kind in TYPES},
        total_instances=rng.choice([None, None, 6]),
        limits=ServiceLimits(tuning_jobs=rng.choice([100, 1, 2])),
        tuning_jobs=jobs,
        arrivals=arrivals,
        timings=timings,
        faults=_faults(rng),
        script=Script(rng.choice(["ignore", "save", "exit"]), rng.choice([0.0, 60.0, 120.0])),
        assumptions=Assumptions(
            rng.choice(["reuse", "upfront", "as-observed"]),
            rng.choice(["reject", "queue"]),
            rng.choice(["fifo", "priority", "backfill"]),
        ),
    )


def digest(journal):
    """A journal as two short hashes: of what happened and when, and of its lines on disk, which have the data too."""
    course, lines = hashlib.sha256(), hashlib.sha256()
    for record in journal:
        course.update(repr(tuple(record)[:6]).encode())
        lines.update(encode(record).encode())
    return f"{course.hexdigest()[:12]} {lines.hexdigest()[:12]}"


def run(one, seed=0):
    """The hashes of the journal of a scenario."""
    sim = Simulation(one, seed=seed)
    sim.run(until=one.until_s)
    return digest(sim.journal)


def journals():
    """The hashes of the journals of the demo and of the drawn scenarios."""
    return {"demo": run(demo()), **{str(seed): run(scenario(seed), seed) for seed in range(200)}}


def fingerprint(found):
    """One hash for all journals."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def versions():
    """The hash of all journals by the version of Python that wrote them; what others say that differs is out of date."""
    file, now = FOLDER / "versions.json", fingerprint(journals())
    known = json.loads(file.read_text()) if file.exists() else {}
    kept = {version: one for version, one in known.items() if one == now}
    return {**kept, platform.python_version(): now}


def notebooks():
    """How many journals the notebooks' own process writes, by notebook, and one hash for all of them."""
    found = {}
    for path in sorted((FOLDER.parents[1] / "notebooks").glob("*.ipynb")):
        if path.stem.startswith("03"):  # hypothesis draws its scenarios, others in each version
            continue
        cells = json.loads(path.read_text())["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        with _recorded() as simulations, contextlib.chdir(path.parent), contextlib.redirect_stdout(io.StringIO()):
            names = {"__name__": "notebook", "display": lambda *shown: None}
            for source in code:
                exec(source, names)
        kept = [digest(one.journal) for one in simulations if one.journal.keep]
        found[path.stem] = [len(kept), hashlib.sha256("".join(kept).encode()).hexdigest()[:12]]
    return found


@contextlib.contextmanager
def _recorded():
    simulations, begin = [], Simulation.__init__

    def watched(self, *arguments, **keywords):
        simulations.append(self)
        begin(self, *arguments, **keywords)

    Simulation.__init__ = watched
    try:
        yield simulations
    finally:
        Simulation.__init__ = begin


def _small(children, **changes):
    definition = TrainingJobDefinition(max_retries=1)
    spec = TuningJobSpec("one", (definition,), ResourceLimits(children, 2))
    quota, instant = {"ml.m5.xlarge": 2}, Timings.instant()
    return Scenario(capacity=quota, tuning_jobs=[ScheduledTuningJob(spec)], timings=instant, **changes)


def counts():
    """How many states and transitions the explorer finds in small scopes."""
    found = {
        "one training job": explore(_small(1)),
        "two training jobs": explore(_small(2)),
        "two, an internal error": explore(_small(2), faults={"internal_error": 1}),
        "two, given back early": explore(_small(2, assumptions=Assumptions("as-observed"))),
    }
    return {name: [one.states, one.transitions] for name, one in found.items()}


def surface():
    """The public names with their signatures, a line each."""
    lines = []
    for name in sorted(hptsim.__all__):
        value = getattr(hptsim, name)
        lines.append(f"hptsim.{name}{_signature(value)}")
        if inspect.isclass(value):
            lines += _members(f"hptsim.{name}", value)
    for module in ("boto", "planning", "testing", "traces", "views"):
        room = importlib.import_module(f"hptsim.{module}")
        for name in sorted(getattr(room, "__all__", vars(room))):
            value = getattr(room, name)
            if not name.startswith("_") and getattr(value, "__module__", "").startswith("hptsim."):
                lines.append(f"hptsim.{module}.{name}{_signature(value)}")
    return lines


def _members(prefix, kind):
    """The public members of a class, with what it has of the package's other classes."""
    found = {name: value for base in reversed(_bases(kind)) for name, value in vars(base).items()}
    for name, value in sorted(found.items()):
        if not name.startswith("_"):
            yield f"{prefix}.{name}{_signature(getattr(value, '__func__', value))}"


def _bases(kind):
    return [base for base in kind.__mro__ if base.__module__.startswith("hptsim.")]


def _signature(value):
    if not callable(value):
        return ""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return "(...)"
    return (
        "("
        + ", ".join(str(one.replace(annotation=inspect.Parameter.empty, default=one.empty)) for one in parameters)
        + ")"
    )


def main():
    """Write the evidence anew; with "versions", only what this version of Python says of the journals."""
    (FOLDER / "versions.json").write_text(json.dumps(versions(), indent=1, sort_keys=True) + "\n")
    if sys.argv[1:] == ["versions"]:
        return
    (FOLDER / "journals.json").write_text(json.dumps(journals(), indent=1) + "\n")
    (FOLDER / "notebooks.json").write_text(json.dumps(notebooks(), indent=1) + "\n")
    (FOLDER / "counts.json").write_text(json.dumps(counts(), indent=1) + "\n")
    (FOLDER / "surface.txt").write_text("\n".join(surface()) + "\n")


if __name__ == "__main__":
    main()
