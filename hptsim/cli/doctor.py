"""`hptsim doctor`: what is installed, what is missing for which extra, and whether a small simulation works."""

from __future__ import annotations

import platform
import re
from importlib import metadata

from hptsim import __version__
from hptsim.cli.exit_codes import BAD_INPUT, SUCCESS
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation

_FOR_DEVELOPERS = {"dev", "docs", "test"}
_REQUIREMENT = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")


def doctor() -> int:
    """Say which extras are installed, what is missing for the others, and whether a small simulation works."""
    print(f"hptsim {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for extra, needed in extras().items():
        if extra in _FOR_DEVELOPERS:
            continue
        missing = [name for name in needed if version(name) is None]
        have = ", ".join(f"{name} {version(name)}" for name in needed if name not in missing)
        if missing:
            print(f"{extra:18} missing {', '.join(missing)}: pip install 'hptsim[{extra}]'")
        else:
            print(f"{extra:18} {have}")
    return _small_run()


def _small_run() -> int:
    simulation = Simulation(Scenario(capacity={"ml.m5.xlarge": 1}))
    simulation.create_tuning_job(TuningJobSpec("doctor"))
    simulation.run(until=200)
    simulation.stop_tuning_job("doctor")
    simulation.run()
    status = simulation.tuning_job("doctor").status
    free = not simulation.capacity.reserved.get("ml.m5.xlarge")
    works = status == "Stopped" and free
    print(f"a small simulation: {'works' if works else f'is wrong: {status}, {simulation.capacity.reserved} reserved'}")
    return SUCCESS if works else BAD_INPUT


def version(name: str) -> str | None:
    """The version of an installed distribution, None where it is not.

    >>> version("no-such-distribution") is None
    True
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def extras() -> dict[str, list[str]]:
    """What each extra of hptsim needs, by its distributions; "core" is what is always needed.

    >>> extras()["core"]
    ['attrs', 'simpy', 'transitions']
    """
    found: dict[str, list[str]] = {}
    for line in metadata.requires("hptsim") or []:
        requirement = _REQUIREMENT.match(line)
        assert requirement is not None, line
        extra = _EXTRA.search(line)
        found.setdefault(extra[1] if extra else "core", []).append(requirement[0])
    return {extra: sorted(names) for extra, names in found.items()}
