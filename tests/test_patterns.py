"""The patterns of the documentation: each wrong program is found by its test, each right one passes, the page has all."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from extras import BOTO

DOCS = Path(__file__).parent.parent / "docs"
FILES = sorted((DOCS / "patterns").glob("test_*.py"))
PAGE = (DOCS / "patterns.md").read_text(encoding="utf-8")


def test_the_page_shows_every_file_each_with_its_source():
    shown = re.findall(r"^```\{literalinclude\} (\S+)$", PAGE, re.MULTILINE)
    assert sorted(shown) == sorted(f"patterns/{path.name}" for path in (*FILES, DOCS / "patterns" / "conftest.py"))
    assert PAGE.count("*Source:* ") == len(FILES)


@BOTO
@pytest.mark.long
def test_every_wrong_program_is_found_and_every_right_one_passes():
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(DOCS / "patterns")]
    ran = subprocess.run(command, cwd=DOCS.parent, capture_output=True, text=True)
    for path in FILES:
        for name in ("test_the_wrong_code", "test_the_right_code"):
            assert f"{path.name}::{name} PASSED" in ran.stdout, ran.stdout


@BOTO
@pytest.mark.long
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_check_is_what_tells_them_apart(path, tmp_path):
    """With the two programs exchanged, both tests fail."""
    text = path.read_text(encoding="utf-8")
    swapped = text.replace("check(wrong,", "check(other,").replace("check(right,", "check(wrong,")
    (tmp_path / path.name).write_text(swapped.replace("check(other,", "check(right,"), encoding="utf-8")
    (tmp_path / "conftest.py").write_text((DOCS / "patterns" / "conftest.py").read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "2 failed" in ran.stdout, ran.stdout
