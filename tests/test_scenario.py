"""Scenario files: what is written reads back equal; what is wrong is named with file, line, key and spelling."""

import json

import pytest

from hptsim import Scenario
from hptsim.cli import demo, main
from hptsim.errors import InvalidInput
from hptsim.request import MEMBERS, to_request


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_what_is_dumped_loads_equal(tmp_path, ending):
    path = tmp_path / f"demo.{ending}"
    demo().dump(path)
    assert Scenario.load(path) == demo()


def test_a_bare_request_is_a_scenario(tmp_path):
    path = tmp_path / "request.json"
    path.write_text(json.dumps(to_request(demo().tuning_jobs[0].spec)))
    assert [job.spec.name for job in Scenario.load(path).tuning_jobs] == ["churn-xgboost"]
    assert main(["run", str(path), "--json"]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x"\ncapcity = 3\n', r"x.toml:2: capcity: .*did you mean 'capacity'"),
        ('name = "x"\n[timings]\ntrainin_s = 3\n', r"x.toml:3: timings.trainin_s: .*did you mean 'training_s'"),
        ("[timings]\ntraining_s = -1\n", r"x.toml:2: timings.training_s: got -1"),
        ('[assumptions]\nreservation = "upfrnt"\n', r"x.toml:2: assumptions.reservation: .*did you mean 'upfront'"),
        ('[capacity]\n"ml.m5.xlarge" = -4\n', r"x.toml:2: capacity.ml.m5.xlarge: got -4"),
        ("name = \n", r"x.toml:1: "),
        ("[[tuning_jobs]]\npriorty = 1\n", r"x.toml:2: tuning_jobs\[0\].priorty"),
        ("[faults]\nalgorithm_error = 2\n", r"x.toml:2: faults.algorithm_error: got 2"),
        ("[timings]\ntraining_s = {exponentail = {mean_s = 3}}\n", r"did you mean 'exponential'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message, capsys):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        Scenario.load(path)
    assert main(["run", str(path)]) == 2


def test_a_misspelt_member_of_a_request_is_named():
    request = to_request(demo().tuning_jobs[0].spec)
    request["HyperParameterTuningJobConfig"] = {**request["HyperParameterTuningJobConfig"], "Stratgy": "Random"}
    with pytest.raises(InvalidInput, match=r"HyperParameterTuningJobConfig.Stratgy.*did you mean 'Strategy'"):
        from hptsim import TuningJobSpec

        TuningJobSpec.from_request(request)


def test_the_member_lists_are_the_service_models():
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sagemaker")
    for shape, members in MEMBERS.items():
        assert set(members) == set(model.shape_for(shape).members), shape
