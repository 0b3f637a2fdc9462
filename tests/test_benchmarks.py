"""The suite of benchmarks runs what it names, says what it leaves out, and its page shows the result that is stored."""

import ast
import doctest
import importlib
import importlib.util
import sys
from pathlib import Path

import attrs
import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


def takes_quick(node):
    """Whether it is the function `rows(quick)` of a benchmark."""
    return isinstance(node, ast.FunctionDef) and node.name == "rows" and "quick" in [one.arg for one in node.args.args]


@pytest.fixture
def benchmark(monkeypatch):
    """A module of the folder, by name."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


def test_the_page_shows_the_stored_result(benchmark):
    page = benchmark("page")
    assert page.PAGE.read_text() == page.updated(page.PAGE.read_text(), page.stored()), "run: python benchmarks --page"


def test_another_result_gives_another_page(benchmark):
    page, stored = benchmark("page"), benchmark("page").stored()
    first, *others = next(rows for rows in stored.found.values() if hasattr(rows[0], "value"))
    faster = attrs.evolve(stored, found={"speed": [attrs.evolve(first, value=2 * first.value), *others]})
    text = page.PAGE.read_text()
    assert page.updated(text, faster) != text and page.updated(page.updated(text, faster), stored) == text


def test_the_stored_result_says_where_it_comes_from_and_what_was_not_part_of_it(benchmark):
    stored, suite = benchmark("page").stored(), benchmark("suite")
    assert stored.found.keys() <= suite.SUITE.keys()
    assert {"Python", "hptsim", "simpy"} <= stored.versions.keys() and stored.machine.cores >= 1
    text = benchmark("page").PAGE.read_text()
    assert stored.date in text and ("The machine was busy" in text) == stored.machine.busy
    assert suite.from_plain(suite.plain(stored)) == stored
    for name in suite.SUITE:
        assert (f"* `{name}`: it was not part of this run" in text) == (name not in stored.found)


def test_a_busy_machine_and_a_quiet_one_are_told_apart(benchmark):
    page, stored = benchmark("page"), benchmark("page").stored()
    for load, words in ((0.1, "The machine was quiet (a load of 0.1"), (7.0, "The machine was busy (a load of 7 ")):
        machine = attrs.evolve(stored.machine, load=load)
        assert words in "\n".join(page.written(attrs.evolve(stored, machine=machine)))


def test_every_module_with_rows_is_in_the_suite_and_explained(benchmark):
    suite = benchmark("suite").SUITE
    defined = {path.stem: ast.parse(path.read_text()).body for path in FOLDER.glob("*.py")}
    with_rows = {name for name, body in defined.items() if any(takes_quick(one) for one in body)}
    assert with_rows == suite.keys()
    assert all(f"\n| `{name}` | " in (FOLDER / "README.md").read_text() for name in suite)


def test_a_benchmark_measures_and_names_its_baseline(benchmark, monkeypatch):
    speed = benchmark("speed")
    monkeypatch.setattr(speed, "TUNING_JOBS", 8)
    rows = speed.rows(quick=True)
    floor, off, read, on = rows
    assert [row.baseline for row in rows] == ["bare simpy", "bare simpy", "bare simpy", "laws off"]
    assert on.baseline_value == off.value and floor.baseline_value == off.baseline_value == read.baseline_value
    assert all(row.value > 0 and row.ratio == row.value / row.baseline_value for row in rows)


@pytest.mark.parametrize("first", [False, True])
def test_members_of_a_group_spread_each_number_evenly(benchmark, monkeypatch, first):
    """A Latin hypercube: of five members each number of each stream lies in another fifth, and the fifths differ by number."""
    from hptsim.scenario import random_streams

    stratified = benchmark("stratified")
    monkeypatch.setattr(random_streams, "_hashed", stratified.spread)
    seeds = [stratified.Member.of(7, place, 5, first) for place in range(5)]
    names = {f"c-1-001-{random_streams.suffix(seed, 'c-1', 1)}" for seed in seeds}
    assert len(names) == 5, "training jobs of members have names of their own"
    jobs = [random_streams.uniforms(seed, name, 1) for seed, name in zip(seeds, sorted(names), strict=True)]
    gaps = [random_streams.uniforms(seed, "arrivals/c", 0) for seed in seeds]
    for numbers in [*zip(*jobs, strict=True), *list(zip(*gaps, strict=True))[: 1 if first else 16]]:
        assert sorted(int(5 * number) for number in numbers) == [0, 1, 2, 3, 4]
    assert len({tuple(int(5 * number) for number in numbers) for numbers in zip(*jobs, strict=True)}) > 5
    later = [sorted(int(5 * number) for number in numbers) for numbers in list(zip(*gaps, strict=True))[1:]]
    assert any(fifths != [0, 1, 2, 3, 4] for fifths in later) is first
    assert random_streams.uniforms(7, "c-1", 1) != jobs[0], "plain streams are what they were"


def test_what_cannot_be_measured_is_left_out_with_the_reason(benchmark, tmp_path, monkeypatch):
    (tmp_path / "needy.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    suite, measured = benchmark("suite"), benchmark("measured")
    [left_out] = suite.measure("needy", True)
    assert left_out == measured.LeftOut("needy", "needs the module no_such_module: see benchmarks/needy.py")
    monkeypatch.setenv("HPTSIM_TRACE", str(tmp_path / "nowhere.csv"))
    [left_out] = suite.measure("replay", True)
    assert left_out.reason.startswith("needs the table openb_pod_list_default.csv")
    [line] = measured.lines([left_out])
    assert line.startswith("the Alibaba trace: left out, needs the table")
    stored = attrs.evolve(benchmark("page").stored(), found={"replay": [left_out]})
    assert f"* {left_out.what} (`replay`): {left_out.reason}" in "\n".join(benchmark("page").written(stored))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["sped"], "no benchmark is called sped; there are speed, "), (["speed", "--store"], "name none")],
)
def test_bad_arguments_are_refused(benchmark, monkeypatch, capsys, arguments, words):
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    spec = importlib.util.spec_from_file_location("benchmarks_main", FOLDER / "__main__.py")
    main = importlib.util.module_from_spec(spec)
    benchmark("suite")
    spec.loader.exec_module(main)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2 and words in capsys.readouterr().err


def test_the_examples_of_rows_run(benchmark):
    found = doctest.testmod(benchmark("measured"))
    assert found.attempted == 4 and found.failed == 0
