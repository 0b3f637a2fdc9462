"""Rows in columns: see test_streamed.py for the whole of it."""

from hptsim.planning.packed_rows import PackedRows
from hptsim.planning.usage import TuningJobFigures


def test_what_many_rows_share_is_there_once():
    rows = PackedRows()
    for number in range(3):
        row = TuningJobFigures(name=f"j{number}", created_s=float(number), children={"Completed": 1})
        rows.append(row)
        rows.pack(row)
    assert rows[0].children is rows[2].children == {"Completed": 1}
    assert [row.created_s for row in rows] == [0.0, 1.0, 2.0] and len(rows) == 3
