"""The command `hptsim serve`."""

from __future__ import annotations

import contextlib
import ipaddress
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs

from hptsim.boto import DEFAULT_REGION
from hptsim.errors import invalid
from hptsim.model.instants import check_instant, write_instant
from hptsim.model.journal import Journal
from hptsim.scenario.scenario import SMALL_QUOTA, Scenario
from hptsim.server import kept_calls
from hptsim.server.call_log import CallLog, take_again
from hptsim.server.connections import http_server, listen
from hptsim.server.kept_calls import Begun
from hptsim.server.regions import Regions
from hptsim.server.routes import application
from hptsim.simulation.simulation import Simulation


def serve(
    file: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    speed: str = "1",
    epoch: str | None = None,
    seed: int | None = None,
    state: Path | None = None,
    allow_host: list[str] | None = None,
) -> int:
    """Serve the twin over HTTP until Ctrl-C: point any client's endpoint URL at it.

    Parameters
    ----------
    file
        the scenario; without it an empty account with four instances of each type
    host
        where to listen; on another address than loopback anyone who can reach it can use the twin
    port
        the port; 0 takes any that is free
    speed
        simulated seconds per real second, or manual: time stands still and POST /_hptsim/advance moves it
    epoch
        the instant at which the clock starts, such as 2026-01-01T00:00:00Z; otherwise that of the file, or the present
    seed
        the seed of every random stream; 0 without it
    state
        a folder for what must outlive the process: all calls, and the journal of each region; a server that finds them there
        goes on from them
    allow_host
        another name under which clients reach the server, such as that of its container; may be given again
    """
    pace = _speed(speed)
    with contextlib.ExitStack() as stack:
        log = None if state is None else stack.enter_context(contextlib.closing(_log(state)))
        begun = Begun(_scenario(file, epoch), seed or 0) if log is None else _begun(log, file, epoch, seed)
        regions = _regions(begun, state)
        stack.callback(_close_journals, regions)
        stack.enter_context(_ended_by_sigterm())
        if log is not None:
            _go_on(log, begun, regions)
        app = application(regions, speed=pace, log=log, allowed_hosts=allow_host or ())
        listening = stack.enter_context(listen(host, port))
        if not _loopback(host):
            print(
                f"hptsim: warning: {host} is not loopback; everybody who can reach it can use the twin", file=sys.stderr
            )
        shown = f"[{host}]" if ":" in host else host
        print(f"hptsim serves http://{shown}:{listening.getsockname()[1]}/_hptsim/ (Ctrl-C ends it)", flush=True)
        http_server(app).run(sockets=[listening])
    return 0


def _scenario(file: Path | None, epoch: str | None, present: str | None = None) -> Scenario:
    """What is served: the file, or a small account; its clock starts at *epoch*, at the file's, or at the *present*."""
    if epoch is not None:
        check_instant("--epoch", epoch)
    present = present or write_instant(time.time(), "seconds")
    scenario = Scenario(capacity=SMALL_QUOTA, epoch=present) if file is None else Scenario.load(file, epoch=present)
    return scenario if epoch is None else attrs.evolve(scenario, epoch=epoch)


def _log(state: Path) -> CallLog:
    """The log of calls in the folder *state*, which is made if need be."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        return CallLog(state / "calls.jsonl")
    except OSError as error:
        raise invalid("--state", str(state), "a folder to write to", error.strerror or str(error)) from None


def _begun(log: CallLog, file: Path | None, epoch: str | None, seed: int | None) -> Begun:
    """The run that the log is of, or the new one; raises InvalidInput where the command line says another than the log."""
    kept = log.kept.begun
    if kept is None:
        begun = Begun(_scenario(file, epoch), seed or 0)
        if kept_calls.read("", kept_calls.written(begun.as_json(), 0)[0]).begun != begun:
            raise invalid("--state", str(file), "a scenario that a file can hold exactly")
        return begun
    named = {
        "the scenario": file is not None and _scenario(file, epoch, kept.scenario.epoch) != kept.scenario,
        "--epoch": epoch is not None and epoch != kept.scenario.epoch,
        "--seed": seed is not None and seed != kept.seed,
    }
    for name, other in named.items():
        if other:
            expected = f"that of the run in {log.path}: leave it out, or give --state another folder"
            raise invalid(name, {"the scenario": str(file), "--epoch": epoch, "--seed": seed}[name], expected)
    return kept


def _regions(begun: Begun, state: Path | None) -> Regions:
    """The regions of a run, each with its journal in the folder *state* if there is one."""

    def make(region: str) -> Simulation:
        journal = None if state is None else Journal(state / f"journal-{region}.jsonl")
        return Simulation(begun.scenario, seed=begun.seed, journal=journal)

    return Regions(make(DEFAULT_REGION), make)


def _close_journals(regions: Regions) -> None:
    for region in regions.made.values():
        region.sim.journal.close()


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM, by which containers are stopped, ends the program as its end does: the journals are closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _go_on(log: CallLog, begun: Begun, regions: Regions) -> None:
    """Take the calls of a log again, and say so."""
    log.begin(begun.scenario, begun.seed)
    kept = log.kept
    if kept.begun is None:
        return
    if kept.torn:
        text = f"the last line, {len(kept.torn)} bytes, was torn and is dropped; its call was never answered"
        print(f"hptsim: warning: {log.path}: {text}", file=sys.stderr)
    take_again(kept, regions, log.path)
    calls = sum(logged.call is not None for logged in kept.lines)
    print(f"hptsim goes on from {log.path}: {calls} calls, {regions.now:g} s")


def _speed(given: str) -> float:
    try:
        speed = 0.0 if given == "manual" else float(given)
    except ValueError:
        speed = math.nan
    if not 0 <= speed < math.inf or (speed == 0 and given != "manual"):
        raise invalid("--speed", given, "manual, or simulated seconds per real second", "for example 60")
    return speed


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
