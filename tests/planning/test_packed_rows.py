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


def test_what_a_row_waited_for_and_its_template_stay_as_they_were():
    rows = PackedRows()
    waits = [{"gpu": 60.0, "tuning-jobs": 90.5}, {}, {"gpu": 5.0}]
    for number, waited_for in enumerate(waits):
        row = TuningJobFigures(
            name=f"j{number}", created_s=0.0, template="t" if number else "j0", waited_for=waited_for
        )
        rows.append(row)
        rows.pack(row)
    assert [row.waited_for for row in rows] == waits
    assert [row.limited_by for row in rows] == ["tuning-jobs", "", "gpu"]
    assert [row.template for row in rows] == ["j0", "t", "t"] and rows[0].provisioning_s is None
