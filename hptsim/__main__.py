"""`python -m hptsim` is the command `hptsim`."""

from hptsim.cli.commands import main

if __name__ == "__main__":
    raise SystemExit(main())
