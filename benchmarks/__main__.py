"""`python benchmarks` runs all benchmarks; `--store` writes what they find into docs/speed.md."""

from __future__ import annotations

import argparse

import page
from measured import lines
from suite import SUITE, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks", description="Run benchmarks, each beside its baseline.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(SUITE)}; all, if none is named")
    parser.add_argument("--quick", action="store_true", help="smaller ones, in minutes instead of an hour")
    parser.add_argument("--store", action="store_true", help="keep the result of all, and write it into docs/speed.md")
    parser.add_argument(
        "--page", action="store_true", help="only write docs/speed.md anew, from the result that is kept"
    )
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in SUITE]:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(SUITE)}")
    if chosen.store and chosen.names:
        parser.error("--store keeps the result of all benchmarks: name none")
    if not chosen.page:
        result = run(chosen.names or SUITE, chosen.quick)
        for name, rows in result.found.items():
            print(f"\n{name}: {SUITE[name]}", *lines(rows), sep="\n  ")
        print(f"\n{', '.join(f'{key} {value}' for key, value in result.versions.items())}")
        print(f"{result.machine.processor}, {result.machine.cores} cores, load before {result.machine.load:g}")
    if chosen.store:
        page.store(result)
    if chosen.store or chosen.page:
        page.PAGE.write_text(page.updated(page.PAGE.read_text(encoding="utf-8"), page.stored()), encoding="utf-8")


if __name__ == "__main__":
    main()
