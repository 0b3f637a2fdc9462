"""What the auditor knows as a value: nothing that a law reads is missing, and states with equal keys are known alike."""

from copy import deepcopy

import attrs
import pytest
from golden import evidence

from hptsim import explore
from hptsim.audit.frozen import FIXED, SCRATCH, frozen
from hptsim.audit.state import KnownTrainingJob, KnownTuningJob, KnownWarmPool, State, Takeover
from hptsim.explorer.parts import Slot
from hptsim.model.account import Account
from hptsim.model.definitions import Hyperband, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob

OTHER = {
    bool: True,
    int: 7,
    float: 7.0,
    str: "other",
    tuple: ("other",),
    list: ["other"],
    dict: {"other": 1},
    frozenset: frozenset({"other"}),
    set: {"other"},
    type(None): 7.0,
}
DEFINITION = TrainingJobDefinition()
RECORDS = [
    KnownTuningJob("a"),
    KnownTrainingJob("a-001", "a", DEFINITION),
    KnownWarmPool("mine"),
    Takeover("mine", {}, None),
]


HYPERBAND = Scenario(
    tuning_jobs=(
        ScheduledTuningJob(
            TuningJobSpec(
                "a",
                (TrainingJobDefinition(spot=True, checkpoint_uri="s3://b/c"),),
                strategy="Hyperband",
                hyperband=Hyperband(1, 3),
            )
        ),
    )
)


def known(record):
    state = State(Account())
    where = {KnownTuningJob: "tuning", KnownTrainingJob: "training", KnownWarmPool: "pools", Takeover: "takeovers"}
    getattr(state, where[type(record)])["a"] = record
    return frozen(state)


@pytest.mark.parametrize(
    ("record", "field"), [(record, field.name) for record in RECORDS for field in attrs.fields(type(record))]
)
def test_a_value_differs_where_any_field_of_a_record_does(record, field):
    before = getattr(record, field)
    other = TrainingJobDefinition() if field == "definition" else OTHER[type(before)]
    assert other != before or field == "definition"
    assert known(attrs.evolve(record, **{field: other})) != known(record)


def test_a_value_differs_where_any_part_of_the_state_does_but_what_no_law_reads_later():
    for name, before in vars(State(Account())).items():
        state = State(Account())
        other = {"a": KnownTuningJob("a")} if name == "tuning" else OTHER.get(type(before))
        if name == "training":
            other = {"a": RECORDS[1]}
        setattr(state, name, other)
        assert (frozen(state) == frozen(State(Account()))) is (name in SCRATCH | FIXED), name


def test_a_count_of_nothing_is_none_and_no_number_is_equal_to_itself():
    assert known(KnownTuningJob("a", held={"m": 0})) == known(KnownTuningJob("a"))
    nan = [known(attrs.evolve(RECORDS[1], curve=(float("nan"),))) for _ in "ab"]
    assert nan[0] == nan[1]


def plain(what):
    """A record as nested dictionaries and lists, field by field; specs and definitions stand for themselves."""
    if isinstance(what, dict):
        return {name: plain(one) for name, one in what.items() if one != 0}
    if isinstance(what, (KnownTuningJob, KnownTrainingJob, KnownWarmPool, Takeover)):
        return {one.name: plain(getattr(what, one.name)) for one in attrs.fields(type(what))}
    return deepcopy(what) if isinstance(what, (list, set)) else what


OF_TUNING_JOBS = "name state counters live stop_s"
OF_TRAINING_JOBS = "name state attempt curve objective promised failure_reason retries_left started_s billable_s"
"""What laws read of the world to compare it; which of equally good training jobs is called the best is not told apart."""


def compared(slot, found):
    """The number of every content, also of those that are known: what counts behind equal numbers has to be equal."""
    number = slot.number

    def watched(self, part):
        mine = number(self, part)
        content = dict(part.content)
        for table, names in (("tuning", OF_TUNING_JOBS), ("training", OF_TRAINING_JOBS)):
            if table in content:
                content[table] = deepcopy([getattr(content[table], name) for name in names.split()])
        for table in ("queue", "demands", "standalone", "pools", "artifacts", "logs"):  # no law reads more of these
            content.pop(table, None)
        before, often = found.get((self.kind, self.key, mine), (plain(content), 0))
        assert before == plain(content)
        found[self.kind, self.key, mine] = before, often + 1
        return mine

    return watched


@pytest.mark.parametrize(
    ("scope", "faults"),
    [
        pytest.param(evidence._small(2), {"internal_error": 1}, id="two training jobs"),
        pytest.param(HYPERBAND, {"interrupt": 1}, id="Hyperband"),
        pytest.param(Scenario(), {}, id="warm pool"),
    ],
)
def test_what_is_known_behind_equal_keys_is_equal_in_every_state_of_a_small_scope(scope, faults, monkeypatch):
    found = {}
    monkeypatch.setattr(Slot, "number", compared(Slot, found))
    warm = {} if scope.tuning_jobs else dict.fromkeys(("first", "second"), TrainingJobDefinition(keep_alive_s=600))
    explored = explore(scope, faults=faults, training_jobs=warm)
    assert explored.complete and explored.counterexample is None
    assert sum(often > 1 for _, often in found.values()) > 20
