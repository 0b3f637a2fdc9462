"""Every example of the documentation runs, and prints what its page says.

Blocks marked `python` are sessions and run as doctests, one page after another in one namespace each. A `code-block` with a
caption is the file of that name. Lines of a `console` block that begin with `$ hptsim` are given to the command line.
docs/testing.md is a test module, which tests/test_recipe.py runs; docs/scenario.md is read by tests/test_docs.py, and
docs/how-to/other-languages.md by tests/test_languages.py.
"""

import doctest
import re
import shlex
from pathlib import Path

import pytest
from extras import long

from hptsim.cli.app import main

ROOT = Path(__file__).parent.parent
ELSEWHERE = {"testing.md", "scenario.md", "semantics.md", "other-languages.md"}
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name not in ELSEWHERE)
LONG = {"tutorials/planning.md", "how-to/plan-a-quota.md", "how-to/choose-a-design.md"}
"""Pages whose sessions replicate and search."""
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, kind):
    """The blocks of that kind, each with the line it begins at."""
    text = page.read_text(encoding="utf-8")
    return [(found[2], text.count("\n", 0, found.start(2))) for found in FENCE.finditer(text) if found[1] == kind]


def write_files(page, folder):
    """The files that the page shows."""
    for file, content in FILE.findall(page.read_text(encoding="utf-8")):
        (folder / file).write_text(content, encoding="utf-8")


def name(page):
    return str(page.relative_to(ROOT / "docs"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_has_only_blocks_that_something_runs(page):
    kinds = {kind for kind, _ in FENCE.findall(page.read_text(encoding="utf-8"))}
    assert {kind for kind in kinds if not kind.startswith("{")} <= {"python", "console", "toml", "sh", "text"}
    assert all(">>> " in block for block, _ in blocks(page, "python"))
    for block, _ in blocks(page, "sh"):  # for people; what they name is there
        assert all((ROOT / path).exists() for path in re.findall(r"[\w./-]+\.(?:py|md|ipynb)\b", block))


@pytest.mark.parametrize(
    "page", [long(page) if name(page) in LONG else page for page in PAGES if blocks(page, "python")], ids=name
)
def test_the_sessions_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(page, tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    names, said = {"__name__": "__main__"}, []
    for block, line in blocks(page, "python"):
        test = doctest.DocTestParser().get_doctest(block, {}, name(page), str(page), line)
        test.globs = names  # one namespace for the page, not a copy for each block
        runner.run(test, out=said.append, clear_globs=False)
    assert runner.tries > 0 and runner.failures == 0, "".join(said)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "console")], ids=name)
def test_the_commands_of_a_page_print_what_it_shows(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_files(page, tmp_path)
    ran = 0
    for block, _ in blocks(page, "console"):
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, re.MULTILINE):
            words = shlex.split(command)
            assert words[0] == "hptsim", "what nothing runs belongs into a block marked sh"
            assert main(words[1:]) == 0
            got = capsys.readouterr().out
            ran += 1
            assert doctest.OutputChecker().check_output(shown, got, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE), (
                f"{command}\n{got}"
            )
    assert ran > 0
