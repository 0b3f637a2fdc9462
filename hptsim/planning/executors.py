"""How replications are run: by any `concurrent.futures.Executor`, in this process, in others, or on a cluster.

The numbers depend on the design and the seed alone, so it does not matter which worker runs what, or in which order.
Workers get replications in chunks, those that are expected to take longest first, and return figures; journals stay in the
worker. A design that makes more than one chunk goes to each worker once.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed, wait
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.search import is_own, maker
from hptsim.model.validators import at_least
from hptsim.optional import require
from hptsim.planning import horizon
from hptsim.planning.figures import above, told_apart
from hptsim.planning.metrics import Figures
from hptsim.planning.replication_cache import Checkpoint
from hptsim.planning.streamed import Streamed
from hptsim.scenario.resampling import Resampling, resampling
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation

_CHUNK_TRAINING_JOBS = 5000
"""About half a second of work: long beside pickling, short beside what a crash may cost."""
_LEAST_TRAINING_JOBS = 50
"""About five milliseconds of work: the least that is worth a message."""
_MANY = 10_000
"""From so many scheduled tuning jobs on, a tenth of a gigabyte, the journal of a replication is not kept."""


@attrs.frozen
class Design:
    """What the replications of one point share."""

    scenario: Scenario
    until_s: float | None = attrs.field(default=None, validator=at_least(0))
    warm_up_s: float = attrs.field(default=0.0, validator=at_least(0))
    laws: bool = False
    above_s: Sequence[float] = attrs.field(default=(), converter=above)
    by: Sequence[str] = attrs.field(default=(), converter=told_apart)
    resample: Resampling | None = attrs.field(default=None, converter=resampling)

    def run(self, seed: int) -> Figures:
        """One replication, reduced to its figures; of a long table of jobs they are counted as it runs."""
        scenario = self.scenario if self.resample is None else self.resample.of(self.scenario, seed)
        until_s = scenario.until_s if self.until_s is None else self.until_s
        if len(scenario.tuning_jobs) >= _MANY:
            run = Streamed(scenario, seed, laws=self.laws, begin_s=self.warm_up_s)
            run.sim.run(until_s)
            metrics = run.metrics()
        else:
            sim = Simulation(scenario, seed=seed, laws=self.laws)
            sim.run(until_s)
            metrics = sim.metrics(begin_s=self.warm_up_s)
        more = horizon.parts(metrics) if horizon.goes_on(scenario) else {}
        found: Figures = metrics.figures(self.above_s, self.by) | more
        return found

    @property
    def own_strategies(self) -> list[Any]:
        """What makes the strategies that are none of the service's: a file names them, and their text matters too."""
        arriving = [template for one in self.scenario.arrivals for template in one.templates]
        specs = [*(job.spec for job in self.scenario.tuning_jobs), *arriving]
        return [maker(spec.strategy) for spec in specs if is_own(spec.strategy)]

    def training_jobs(self, seed: int) -> int:
        """How many training jobs a replication may have: a measure of its length that needs no clock."""
        return sum(job.spec.limits.max_training_jobs or 1 for job in self.scenario.with_arrivals(seed).tuning_jobs)


Task = tuple[Design, int]
"""A design and the seed of one replication."""
_working = False
"""Whether this process is in the middle of a chunk."""


def run_chunk(design: Design | str, seeds: Sequence[int]) -> list[Figures]:
    """The figures of some replications, in order: what a worker does; only those that had ended when Ctrl-C was pressed.

    A string is the file that has the design.
    """
    global _working
    done: list[Figures] = []
    try:
        _working = True
        if isinstance(design, str):
            design = _read(design)
        for seed in seeds:
            done.append(design.run(seed))
    except KeyboardInterrupt:  # what has ended is returned; the caller sees that some are missing
        pass
    finally:
        _working = False
    return done


@lru_cache(maxsize=8)
def _read(path: str) -> Design:
    """The design in a file, which is read once by each worker: no two runs have a file of the same name."""
    design: Design = pickle.loads(Path(path).read_bytes())
    return design


def _begin_worker() -> None:
    """In a worker process: it ends with the process that started it, and Ctrl-C ends its chunk."""
    threading.Thread(target=_end_with_parent, name="hptsim-parent", daemon=True).start()
    _stop_on_ctrl_c()


def _end_with_parent() -> None:
    """End this process when its parent has ended, also by a kill that lets it clean up nothing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _stop_on_ctrl_c() -> None:
    """The terminal sends Ctrl-C to all of a group; it ends the chunk, and never the waiting for one."""

    def stop(number: int, frame: object) -> None:
        if _working:
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a background job was asked to ignore it
        signal.signal(signal.SIGINT, stop)


@contextmanager
def workers(executor: Executor | None) -> Iterator[Executor]:
    """*executor*, which stays open, or a process per core for the time of the block."""
    if executor is not None:
        yield executor
        return
    pool = ProcessPoolExecutor(os.cpu_count(), initializer=_begin_worker)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def run(
    tasks: Sequence[Task],
    executor: Executor | None = None,
    checkpoint: str | Path | None = None,
    progress: bool | None = None,
) -> list[Figures]:
    """The figures of every task, in order; those that the *checkpoint* knows are not run again.

    Whatever ends the run early, a replication that has ended is kept in the checkpoint first. *progress* shows a bar on
    stderr; None shows it if that is a terminal.
    """
    with Checkpoint(checkpoint) as kept:
        designs = {id(design): design for design, _ in tasks}
        names = {place: kept.key(design, *design.own_strategies) for place, design in designs.items()}
        keys = [f"{names[id(design)]}/{seed}" for design, seed in tasks]
        found = {place: kept.known[key] for place, key in enumerate(keys) if key in kept.known}
        missing = [place for place in range(len(tasks)) if place not in found]
        with ExitStack() as stack:
            pool = stack.enter_context(workers(executor))
            if isinstance(pool, ProcessPoolExecutor):
                _check_pickles(designs.values())
            chunks = list(_chunks(tasks, missing, getattr(pool, "_max_workers", os.cpu_count() or 1)))
            sent = stack.enter_context(_sent([tasks[chunk[0]][0] for chunk in chunks], pool))
            futures = {
                pool.submit(run_chunk, design, [tasks[place][1] for place in chunk]): chunk
                for design, chunk in zip(sent, chunks, strict=True)
            }

            def take(future: Future[list[Figures]]) -> bool:
                chunk, results = futures[future], future.result()
                for place, result in zip(chunk, results, strict=False):
                    if place not in found:
                        kept.keep(keys[place], result)
                        found[place] = result
                return len(results) == len(chunk)

            with _bar(progress, len(tasks)) as show:
                show(len(found))
                _collect(futures, take, lambda: show(len(found)))
    return [found[place] for place in range(len(tasks))]


def _check_pickles(designs: Iterable[Design]) -> None:
    """Refuse what another process could not find, such as a class inside a function; raises InvalidInput."""
    for design in designs:
        try:
            pickle.dumps(design)
        except (pickle.PicklingError, AttributeError) as error:
            expected = "strategies, curves and durations that other processes can import by their names"
            hint = "write them at the top of a module, or pass executor=ThreadPoolExecutor(1)"
            raise invalid(f"scenario {design.scenario.name!r}", str(error), expected, hint) from error


def _collect(
    futures: dict[Future[list[Figures]], list[int]], take: Callable[[Future[list[Figures]]], bool], show: Any
) -> None:
    """Take the results as they come; when anything goes wrong, what is running may end, and is taken first."""
    try:
        for future in as_completed(futures):
            if not take(future):
                raise KeyboardInterrupt
            show()
    except BaseException:
        for future in futures:
            future.cancel()
        wait(futures)
        for future in futures:
            if not future.cancelled() and future.exception() is None:
                take(future)
        raise


@contextmanager
def _sent(designs: Sequence[Design], pool: Executor) -> Iterator[list[Any]]:
    """What stands for the design of each chunk in its message: of a design that is there twice, a file, or dask's own copies."""
    times = Counter(map(id, designs))
    often = {place: design for design in designs if times[place := id(design)] > 1}
    with ExitStack() as stack:
        copies: dict[int, Any] = {}
        if often and isinstance(pool, ProcessPoolExecutor):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="hptsim-")))
            for number, (place, design) in enumerate(often.items()):
                (folder / str(number)).write_bytes(pickle.dumps(design))
                copies[place] = str(folder / str(number))
        scatter = getattr(getattr(pool, "_client", None), "scatter", None)  # the client of dask's executor
        if scatter is not None:
            copies = {place: scatter(design, broadcast=True, hash=False) for place, design in often.items()}
        yield [copies.get(id(design), design) for design in designs]


def _chunks(tasks: Sequence[Task], missing: Sequence[int], count: int) -> Iterator[list[int]]:
    """The places of the missing tasks, some of one design at a time, for *count* workers: the longest replications first.

    A chunk is at most half of a worker's share of what is left, so that all workers end at about the same time.
    """
    groups = []
    for _, group in groupby(missing, lambda place: id(tasks[place][0])):
        places = list(group)
        design, seed = tasks[places[0]]
        groups.append((max(1, design.training_jobs(seed)), places))
    groups.sort(key=lambda one: -one[0])
    left = sum(length * len(places) for length, places in groups)
    for length, places in groups:
        first = 0
        while first < len(places):
            work = min(_CHUNK_TRAINING_JOBS, max(_LEAST_TRAINING_JOBS, left // (2 * count)))
            size = max(1, work // length)
            chunk = places[first : first + size]
            yield chunk
            first += size
            left -= length * len(chunk)


@contextmanager
def _bar(progress: bool | None, total: int) -> Iterator[Callable[[int], None]]:
    """A function that shows how many replications are done."""
    if progress is None:
        progress = sys.stderr.isatty() and find_spec("rich") is not None
    if not progress:
        yield lambda done: None
        return
    rich = require("rich.progress", "cli", "a progress bar")
    console = require("rich.console", "cli", "a progress bar").Console(stderr=True)
    columns = (*rich.Progress.get_default_columns(), rich.MofNCompleteColumn())
    with rich.Progress(*columns, console=console, transient=console.is_terminal) as bar:
        task = bar.add_task("replications", total=total)
        yield lambda done: bar.update(task, completed=done)
