"""The front door: every public name is there, resolved when it is first used, and importing the package costs nothing."""

import subprocess
import sys

import pytest

import hptsim

ROOMS = ("boto", "planning", "testing", "traces", "views")
"""Public names that are modules."""


def output_of(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", hptsim.__all__)
def test_a_public_name_is_resolved_in_a_fresh_process(name):
    kind = output_of(f"import hptsim; print(type(hptsim.{name}).__name__)")
    assert kind == "module" if name in ROOMS else kind not in ("", "module")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'hptsim' has no attribute 'Simulaton'"):
        hptsim.Simulaton  # noqa: B018


def test_importing_the_package_imports_nothing_else():
    code = (
        "import sys, hptsim; print(sorted(n for n in sys.modules if n.split('.')[0] in ('hptsim', 'simpy', 'attrs')))"
    )
    assert output_of(code) == "['hptsim']"


def test_the_function_explore_is_there_even_if_its_module_was_imported_first():
    assert output_of("import hptsim.explorer, hptsim; print(callable(hptsim.explore))") == "True"
