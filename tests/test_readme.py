"""The README's examples run and print what it says."""

import doctest
from pathlib import Path


def test_the_readme_runs():
    found = doctest.testfile(str(Path(__file__).parent.parent / "README.md"), False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 5 and found.failed == 0
