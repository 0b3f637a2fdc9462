"""`python -m hptsim` is the command `hptsim`."""

from hptsim.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
