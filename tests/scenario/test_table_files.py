"""Files of jobs: their separators, their records, their columns, and what is none."""

import pytest

from hptsim.errors import InvalidInput
from hptsim.scenario.table_files import columns, rows


@pytest.mark.parametrize("separator", [",", "|", ";", "\t", ", "])
def test_any_usual_separator_is_found(tmp_path, separator):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(separator.join(cells) for cells in (("a b", "c"), ("1", "2"), ("3", ""))) + "\n")
    found = list(rows(path))
    assert found == [("t.csv:2", {"a b": "1", "c": "2"}), ("t.csv:3", {"a b": "3", "c": ""})]
    assert columns(path, found) == columns(path, []) == ["a b", "c"]


def test_a_file_without_a_header_is_given_one(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("1,2\n")
    assert list(rows(path, ("a", "b"))) == [("t.csv:1", {"a": "1", "b": "2"})]
    path.write_text("a,b\n1,2\n")
    assert list(rows(path, ("a", "b"))) == [("t.csv:2", {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": {"b": 1}, "c": null}, {"d": [2]}]',
        '{"a": {"b": 1}, "c": null}\n\n{"d": [2]}\n',
        '{"TrainingJobSummaries": [{"a": {"b": 1}, "c": null}, {"d": [2]}], "NextToken": "x"}',
        '[{"TrainingJobSummaries": [{"a": {"b": 1}, "c": null}]}, {"TrainingJobSummaries": [{"d": [2]}]}]',
    ],
)
def test_records_of_json_are_rows(tmp_path, text):
    path = tmp_path / "t.json"
    path.write_text(text)
    found = list(rows(path))
    assert found == [("t.json: record 1", {"a.b": "1", "c": ""}), ("t.json: record 2", {"d": [2]})]
    assert columns(path, found) == ["a.b", "c", "d"]


@pytest.mark.parametrize("text", ["[1]", "[{]", '{"a": 1}\nx'])
def test_what_is_no_table_is_refused(tmp_path, text):
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"t\.json"):
        list(rows(path))


def test_a_folder_of_parquet_has_columns_in_its_names(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    (tmp_path / "t" / "day=3").mkdir(parents=True)
    pandas.DataFrame({"a": ["x", None]}).to_parquet(tmp_path / "t" / "day=3" / "part.parquet")
    assert [cells for _, cells in rows(tmp_path / "t")] == [{"a": "x", "day": "3"}, {"a": "", "day": "3"}]
    with pytest.raises(InvalidInput, match="no such file"):
        list(rows(tmp_path / "none.parquet"))
