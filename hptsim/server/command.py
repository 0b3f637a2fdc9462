"""The command `hptsim serve`."""

from __future__ import annotations

import ipaddress
import math
import socket
import sys
import time
from pathlib import Path

import attrs

from hptsim.errors import invalid
from hptsim.model.instants import check_instant, write_instant
from hptsim.optional import require
from hptsim.scenario.scenario import SMALL_QUOTA, Scenario
from hptsim.server.routes import application
from hptsim.simulation.simulation import Simulation


def serve(
    file: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    speed: str = "1",
    epoch: str | None = None,
    seed: int = 0,
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
        the seed of every random stream
    """
    pace = _speed(speed)
    sim = Simulation(_scenario(file, epoch), seed=seed)
    app = application(sim, speed=pace)
    uvicorn = require("uvicorn", "server", "the server")
    with _listen(host, port) as listening:
        if not _loopback(host):
            print(
                f"hptsim: warning: {host} is not loopback; everybody who can reach it can use the twin", file=sys.stderr
            )
        shown = f"[{host}]" if ":" in host else host
        print(f"hptsim serves http://{shown}:{listening.getsockname()[1]}/_hptsim/ (Ctrl-C ends it)", flush=True)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _scenario(file: Path | None, epoch: str | None) -> Scenario:
    """What is served: the file, or a small account; its clock starts at *epoch*, at the file's, or now."""
    if epoch is not None:
        check_instant("--epoch", epoch)
    present = write_instant(time.time(), "seconds")
    scenario = Scenario(capacity=SMALL_QUOTA, epoch=present) if file is None else Scenario.load(file, epoch=present)
    return scenario if epoch is None else attrs.evolve(scenario, epoch=epoch)


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


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises InvalidInput when it cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise invalid("--host, --port", f"{host}:{port}", "an address to listen at", str(error)) from None
