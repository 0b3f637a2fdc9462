"""Mappings: spelled out, ready for the layouts of public traces (fixtures made here, a few rows each), guessed."""

import json
from pathlib import Path

import pytest

from hptsim.errors import InvalidInput
from hptsim.scenario.columns import MAPPINGS, Columns, guessed, mapping
from hptsim.scenario.csv_traces import from_csv


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alibaba2023", "mapping: got 'alibaba2023', .*did you mean 'alibaba-2023'"),
        ("submit=a,duraton=b", "mapping: got 'duraton', .*did you mean 'duration'"),
        ("duration=b", "a column for submit"),
        ("duration=b,submit=", "mapping: got 'submit='"),
        ("submit=a,duration", "mapping: got 'duration', expected PART=COLUMN"),
        ("helios,size", "mapping: got 'size', expected PART=COLUMN"),
        ("helois,size=a", "mapping: got 'helois', .*did you mean 'helios'"),
        ("submit=a,duration=b,duration=c", "duration once"),
        ("submit=a,duration=b,shares=down", "mapping: shares"),
        ("submit=a,duration=b,first=larg", "mapping: first: .*did you mean 'large'"),
        ("submit=a,duration=b,unit=minuts", "mapping: unit: .*did you mean 'minutes'"),
        ("submit=a", "columns: .*a duration, or a start and an end"),
        ("submit=a,duration=b,start=c,end=d", "columns: .*a duration, or a start and an end"),
        ("submit=a,duration=b,unit_s=x", "unit: got 'x'"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(text, message):
    with pytest.raises(InvalidInput, match=message):
        mapping(text)


def test_a_mapping_can_be_spelled_out():
    assert mapping("submit=submitted,duration=seconds,size=gpus,name=job") == Columns(
        "submitted", duration="seconds", size="gpus", name="job"
    )


def test_a_space_after_a_comma_is_no_error():
    assert mapping("submit = a, duration = b , unit = ms") == Columns("a", "b", unit_s=0.001)


def test_a_ready_mapping_may_be_changed_in_part():
    assert mapping("helios, pool=v100") == Columns(
        "submit_time", "duration", size="gpu_num", name="job_id", team="vc", pool="v100"
    )


ALIBABA_2020 = """j1,tensorflow,2.0,Terminated,1000.0,1060.0,600.0,29.3,50.0,MISC
j1,ps,1.0,Terminated,1000.0,1060.0,600.0,29.3,,
j2,worker,3.0,Failed,1010.0,1015.5,600.0,29.3,75.0,V100
"""
ALIBABA_2023 = """name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
pod-1,8000,30000,1,500,,LS,Succeeded,100,400,110
pod-2,8000,30000,0,0,,BE,Running,120,500,120
"""
ALIBABA_2026 = """pod_id,state_public,gpu_spec_public,priority_class,gpu_request,day,hour
p1,Pending,A10,LP,0.5,0,23
p1,Running,A10,LP,0.5,1,00
p1,Running,A10,LP,0.5,1,01
p2,Running,A10,HP,2.0,1,00
"""
HELIOS = """job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue
11,uA,vcA,4,16,1,FAILED,2020-06-09 18:41:27,2020-06-09 18:41:30,2020-06-09 18:45:39,249,3
12,uB,vcB,0,1,1,COMPLETED,2020-06-09 18:42:27,2020-06-09 18:42:27,2020-06-09 18:42:28,1,0
"""
SLURM = """JobID|Submit|Start|End|AllocTRES|Account|Partition|Priority
41|2024-03-01T10:00:00|2024-03-01T10:00:05|2024-03-02T10:00:05|billing=8,cpu=8,gres/gpu:a100=4,gres/gpu=4,mem=1G,node=1|ml|a100|900
42_1|2024-03-01T10:00:01|2024-03-01T10:00:05|2024-03-01T10:00:06|billing=2,cpu=2,mem=1G,node=1|ml|cpu|1000
"""
PHILLY = [
    {
        "status": "Pass",
        "vc": "ee9e8c",
        "jobid": "application_1506638472019_14199",
        "attempts": [
            {
                "start_time": "2017-10-07 01:12:09",
                "end_time": "2017-10-07 01:13:09",
                "detail": [{"ip": "m1", "gpus": ["gpu0", "gpu1"]}, {"ip": "m2", "gpus": ["gpu0"]}],
            },
            {"start_time": "2017-10-07 02:00:00", "end_time": "2017-10-07 02:00:30", "detail": []},
        ],
        "submitted_time": "2017-10-07 01:12:00",
        "user": "ce2f4c",
    }
]
LISTED = {
    "TrainingJobSummaries": [
        {"TrainingJobName": "a", "CreationTime": "2024-05-01T10:00:00+02:00", "TrainingJobStatus": "InProgress"},
        {
            "TrainingJobName": "b",
            "CreationTime": "2024-05-01T10:00:00.500000+02:00",
            "TrainingEndTime": "2024-05-01T10:01:00+02:00",
            "TrainingJobStatus": "Completed",
        },
    ]
}
DESCRIBED = [
    {
        "TrainingJobName": "c",
        "CreationTime": 1714550400.0,
        "TrainingStartTime": 1714550430.25,
        "TrainingEndTime": 1714550490.25,
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
    }
]


@pytest.mark.parametrize(
    ("ready", "text", "expected"),
    [
        (
            "alibaba-2020",
            ALIBABA_2020,
            [("line-1", 0, 60, "MISC", 1), ("line-2", 0, 60, "no-gpu", 1), ("line-3", 10, 5.5, "V100", 3)],
        ),
        ("alibaba-2023", ALIBABA_2023, [("pod-1", 0, 290, "gpu", 1), ("pod-2", 20, 380, "no-gpu", 1)]),
        ("alibaba-2026", ALIBABA_2026, [("p1", 0, 7200, "A10", 1), ("p2", 3600, 3600, "A10", 2)]),
        ("helios", HELIOS, [("11", 0, 249, "gpu", 4), ("12", 60, 1, "no-gpu", 1)]),
        ("slurm", SLURM, [("41", 0, 86400, "a100", 4), ("42-1", 1, 1, "no-gpu", 1)]),
        ("philly", PHILLY, [("application-1506638472019-14199", 0, 90, "gpu", 3)]),
        ("list-training-jobs", LISTED, [("b", 0, 59.5, "instances", 1)]),
        ("describe-training-jobs", DESCRIBED, [("c", 0, 60, "ml.m5.xlarge", 2)]),
    ],
)
@pytest.mark.parametrize("guess", [False, True])
def test_a_ready_mapping_reads_its_layout(tmp_path, ready, text, expected, guess):
    """Also without its name, by the columns alone, where the file names them."""
    path = tmp_path / ("t.csv" if isinstance(text, str) else "t.json")
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    if guess and ready == "alibaba-2020":
        path.write_text(",".join(MAPPINGS[ready].header) + "\n" + text)
        expected = [(f"line-{int(name[5:]) + 1}", *rest) for name, *rest in expected]
    trace = from_csv(path, None if guess else ready, skip=ready == "list-training-jobs")
    jobs = [(one.spec, one.at_s, one.recorded[0].training_s) for one in trace.scenario.tuning_jobs]
    found = [
        (spec.name, at_s, run_s, spec.definitions[0].instances.instance_type, spec.definitions[0].instances.count)
        for spec, at_s, run_s in jobs
    ]
    assert found == expected
    assert trace.reasons == ({"TrainingEndTime: empty": 1} if ready == "list-training-jobs" else {})
    teams = {"helios": ["vcA", "vcB"], "slurm": ["ml", "ml"], "philly": ["ee9e8c"]}.get(ready)
    if teams:
        assert [spec.request["Tags"][0]["Value"] for spec, *_ in jobs] == teams
    priorities = {"alibaba-2026": [2, 0], "slurm": [-900, -1000]}.get(ready, [0] * len(jobs))
    assert [spec.priority for spec, *_ in jobs] == priorities


def test_every_ready_mapping_is_read_above_and_on_the_page():
    (cases,) = (mark.args[1] for mark in test_a_ready_mapping_reads_its_layout.pytestmark if mark.args[0][0] == "ready")
    assert {case[0] for case in cases} == set(MAPPINGS)
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
    assert [name for name in MAPPINGS if f"`{name}`" not in page] == []


def test_what_no_column_says_is_named():
    with pytest.raises(
        InvalidInput, match=r"t.csv:1: got \['id', 'when'\], expected columns whose names say submit and duration"
    ):
        guessed("t.csv:1", ["id", "when"])
    with pytest.raises(InvalidInput, match="whose names say duration, or start and end"):
        guessed("t.csv:1", ["submitted", "end"])


def test_a_table_without_a_column_of_its_mapping_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("submit_time,duratoin\n")
    with pytest.raises(InvalidInput, match="a column called duration; did you mean 'duratoin'"):
        from_csv(path, "submit=submit_time,duration=duration")
    path.write_text("pod_id,state_public,day,gpu_spec_public,gpu_request,priority_class\n")
    with pytest.raises(InvalidInput, match="a column called hour"):
        from_csv(path, "alibaba-2026")
