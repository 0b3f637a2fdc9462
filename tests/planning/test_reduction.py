"""What variance reduction says it was worth."""

import pytest

from hptsim.planning.answers import Answer
from hptsim.planning.reduction import Reduction
from hptsim.planning.results import Results

GAINED = Reduction("waiting_time_s.mean", "plain-queue", 20, 10, 1200, 600.0)


@pytest.mark.parametrize(
    ("reduction", "end"),
    [
        (GAINED, "30 replications (a pilot of 20 chose it) and 1,200 runs of that queue where about 600 plain ones would be as "
         "precise: 20.0 times fewer."),
        (Reduction("x", "controls", 20, 10, 0, 20.0), "where about 20 plain ones would be as precise: nothing gained."),
        (Reduction("x", "controls", 20, 10, 0, float("inf")), "as precise an answer would take more than 1,000 times as many "
         "plain ones."),
        (Reduction("x", "plain-queue", 0, 10, 300, 200.0), "as control: 10 replications and 300 runs of that queue where about "
         "200 plain ones would be as precise: 20.0 times fewer."),
        (Reduction("x", "none", 20, 30, 0, 30.0), "none, no technique promised enough (20 mirrored replications tried one and "
         "do not count)."),
        (Reduction("x", "plain", 0, 30, 0, 30.0), "none, plain replications were expected to be soon enough."),
    ],
    ids=["gained", "lost", "no variance left", "no pilot", "none", "plain"],
)  # fmt: skip
def test_the_sentence_says_what_it_took_and_what_it_was_worth(reduction, end):
    assert reduction.sentence().endswith(end)


@pytest.mark.parametrize(("technique", "runs"), [("antithetic", "pairs of replications"), ("controls", "replications")])
def test_pairs_are_counted_as_pairs(technique, runs):
    import pandas as pd

    results = Results(
        pd.DataFrame({"replication": [20, 21, 22], "x": [1.0, 3.0, 2.0]}),
        reduction=Reduction("x", technique, 20, 6, 0, 9.0),
    )
    assert f"(3 {runs})." in results.sentence("x") and f"over 3 {runs} with" in Answer(results, 0.95).basis(0)


def test_results_keep_it(tmp_path):
    import pandas as pd

    table = pd.DataFrame(
        {"replication": [20, 21, 22], "waiting_time_s.mean": [-1.0, 3.0, 2.0], "waited_share": [0, 0.5, 0]}
    )
    results = Results(table, reduction=GAINED)
    assert GAINED.sentence() in results.sentence("waiting_time_s.mean")
    assert "Variance" not in results.sentence("waited_share")
    assert results.limits("waited_share") == (0, 1)
    results.to_parquet(tmp_path / "kept.parquet")
    assert Results.from_parquet(tmp_path / "kept.parquet").reduction == GAINED


def test_a_corrected_share_is_no_number_of_trials():
    """Corrected values are not within 0 and 1, so that bounds for counts do not hold for them."""
    import pandas as pd

    column = "waiting_time_s.above_600"
    table = pd.DataFrame({"replication": range(10), column: [0.01, -0.01] * 4 + [0.02, 0.01]})
    corrected = Results(table, reduction=Reduction(column, "controls", 20, 10, 0, 30.0))
    assert corrected.limits(column) == (0, float("inf")) and Results(table).limits(column) == (0, 1)
    assert corrected.interval(column)[0] == 0
    for technique in ("plain", "none"):
        plain = Results(table.abs(), reduction=Reduction(column, technique, 0, 10, 0, 10.0))
        assert plain.limits(column) == (0, 1) and plain.interval(column) == Results(table.abs()).interval(column)
