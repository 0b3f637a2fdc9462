"""Marks: what is skipped, and says so, where an extra is not installed; and what takes long, so that it is asked for."""

from importlib.util import find_spec

import pytest


def needs(extra, module):
    return pytest.mark.skipif(find_spec(module) is None, reason=f"needs the extra '{extra}'")


CLI, BOTO, SCIPY, TOML = (
    needs("cli", "cyclopts"),
    needs("boto", "boto3"),
    needs("planning", "scipy"),
    needs("cli", "tomli_w"),
)

if find_spec("scipy") is None:
    stats = None
else:
    from scipy import stats


def long(*values):
    """The values of a parametrized test that take seconds."""
    return pytest.param(*values, marks=pytest.mark.long)


def distribution(name, *arguments, **keywords):
    """A frozen distribution of scipy as the parameter of a test."""
    return pytest.param(getattr(stats, name)(*arguments, **keywords) if stats else name, marks=SCIPY)
