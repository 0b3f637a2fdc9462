"""Workloads from real records: a FIFO replayer agrees to the second, a round trip gives the same back, nothing is lost."""

from heapq import heappop, heappush
from pathlib import Path

import attrs
import pytest
from extras import long
from hypothesis import given
from hypothesis import strategies as st

from hptsim import Simulation
from hptsim.errors import InvalidInput
from hptsim.scenario.csv_traces import Columns, from_csv

PODS = Path(__file__).parents[3] / "shared" / "data" / "openb_pod_list_default.csv"
COLUMNS = Columns("submitted", duration="seconds", size="gpus", name="job")
HEADER = "job,submitted,seconds,gpus\n"


def fifo(jobs, servers):
    """When each (submitted, run time, servers needed) starts: first come, first served, and nobody overtakes."""
    starts, ends, free, clock = [], [], servers, 0
    for submitted, run, needed in jobs:
        clock = max(clock, submitted)  # whoever was before has started by now
        while ends and ends[0][0] <= clock:
            free += heappop(ends)[1]
        while free < needed:
            clock, back = heappop(ends)
            free += back
        starts.append(clock)
        free -= needed
        heappush(ends, (clock + run, needed))
    return starts


def replayed(trace, servers, **changes):
    """When each tuning job's training job began and ended, by its name."""
    sim = Simulation(attrs.evolve(trace.scenario, capacity={"gpu": servers}, **changes), laws=False)
    sim.run()
    assert not sim.metrics().refused
    jobs = {name: sim.training_job(sim.tuning_job(name).training_jobs[0]) for name in sim.tuning_jobs}
    return {name: (job.created_s, job.ended_s) for name, job in jobs.items()}


@pytest.mark.skipif(not PODS.exists(), reason="the Alibaba trace is not there: see hptsim.traces.MAPPINGS")
@pytest.mark.parametrize("servers", [*map(long, (8, 16, 24, 100))])
def test_the_alibaba_trace_is_replayed_as_a_fifo_replayer_does_job_by_job(servers):
    trace = from_csv(PODS, "alibaba-2023", skip=True)
    rows = [line.split(",") for line in PODS.read_text().splitlines()[1:]]
    pods = [(int(row[8]), int(row[9]) - int(row[10]), int(row[3]), row[0]) for row in rows if row[10]]
    pods.sort(key=lambda pod: pod[0])
    assert len(pods) == len(trace.scenario.tuning_jobs) == 7255 and trace.reasons == {"scheduled_time: empty": 897}
    greedy = [pod for pod in pods if pod[2]]
    expected = {pod[3]: pod[0] for pod in pods}  # who needs no GPU starts at once
    expected |= {pod[3]: start for pod, start in zip(greedy, fifo([pod[:3] for pod in greedy], servers), strict=True)}
    runs = {pod[3]: pod[1] for pod in pods}
    assert replayed(trace, servers) == {name: (start, start + runs[name]) for name, start in expected.items()}


def table(path, rows):
    path.write_text(HEADER + "".join(f"j{place},{a},{b},{c}\n" for place, (a, b, c) in enumerate(rows)))
    return path


@given(
    rows=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=30),
    servers=st.integers(4, 7),
)
def test_small_traces_are_replayed_as_a_fifo_replayer_does(tmp_path_factory, rows, servers):
    trace = from_csv(table(tmp_path_factory.mktemp("trace") / "t.csv", rows), COLUMNS)
    first = min(row[0] for row in rows)
    order = sorted(range(len(rows)), key=lambda place: rows[place][0])
    greedy = [place for place in order if rows[place][2]]
    starts = {place: rows[place][0] for place in order}
    starts |= dict(zip(greedy, fifo([rows[place] for place in greedy], servers), strict=True))
    expected = {f"j{place}": (start - first, start - first + rows[place][1]) for place, start in starts.items()}
    assert replayed(trace, servers) == expected


def test_the_laws_hold_on_a_replay(tmp_path):
    rows = [(place % 7, 3 + place % 5, place % 4) for place in range(60)]
    sim = Simulation(attrs.evolve(from_csv(table(tmp_path / "t.csv", rows), COLUMNS).scenario, capacity={"gpu": 4}))
    sim.run()
    assert sim.checked > 1000


def test_a_run_longer_than_a_day_is_not_cut(tmp_path):
    trace = from_csv(table(tmp_path / "t.csv", [(0, 10**7 + 0.5, 1)]), COLUMNS)
    assert replayed(trace, 1) == {"j0": (0, 10**7 + 0.5)}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",1,2,1", "job: empty"),
        ("a,,2,1", "submitted: empty"),
        ("a,soon,2,1", "submitted: neither a number nor a string in ISO 8601"),
        ("a,nan,2,1", "submitted: neither a number"),
        ("a,1,-2,1", "seconds: a negative run time"),
        ("a,1,2,1.5", "gpus: not a whole number of 0 or more"),
        ("a,1,2,-1", "gpus: not a whole number of 0 or more"),
        ("a,1,2", "gpus: empty"),
        ("j0,1,2,1", "job: an earlier line has this name"),
        ("J0_,1,2,1", "job: an earlier line has the name that it becomes, J0"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_left_out_only_by_choice(tmp_path, row, reason):
    path = tmp_path / "t.csv"
    path.write_text(f"{HEADER}j0,0,5,1\n{row}\nj2,3,5,1\n")
    with pytest.raises(InvalidInput, match=r"1 records cannot be taken .*skip=True") as caught:
        from_csv(path, COLUMNS)
    assert f"t.csv:3: {reason}" in str(caught.value)
    trace = from_csv(path, COLUMNS, skip=True)
    assert [job.spec.name for job in trace.scenario.tuning_jobs] == ["j0", "j2"]
    assert [one.where for one in trace.left_out] == ["t.csv:3"] and trace.left_out[0].reason.startswith(reason)
    assert trace.sentence().startswith(f"2 taken, 1 left out: 1 × {reason}")


def test_many_bad_rows_are_all_counted_and_the_first_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(HEADER + "j,x,1,1\n" * 40)
    with pytest.raises(InvalidInput, match="40 records") as caught:
        from_csv(path, COLUMNS)
    assert "t.csv:6" in str(caught.value) and "t.csv:7" not in str(caught.value) and "and 35 more" in str(caught.value)


def test_times_may_be_instants_and_groups_are_kinds_of_instances(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "at,from,to,kind\n2024-05-01T10:00:00Z,2024-05-01T10:30:00Z,2024-05-01T11:00:00Z,v100\n"
        "2024-05-01T12:00:00+02:00,2024-05-01 10:00:01,2024-05-01T10:00:02Z,t4\n"
    )
    jobs = from_csv(path, Columns("at", start="from", end="to", group="kind")).scenario.tuning_jobs
    assert [(job.at_s, job.recorded[0].training_s) for job in jobs] == [(0, 1800), (0, 1)]
    assert [job.spec.definitions[0].instances.instance_type for job in jobs] == ["v100", "t4"]
    assert [job.spec.name for job in jobs] == ["line-2", "line-3"]


def test_units_are_converted(tmp_path):
    trace = from_csv(table(tmp_path / "t.csv", [(10, 2, 1), (11, 1, 1)]), attrs.evolve(COLUMNS, unit_s=60))
    assert [(job.at_s, job.recorded[0].training_s) for job in trace.scenario.tuning_jobs] == [(0, 120), (60, 60)]


def test_a_file_that_is_no_such_table_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="readable table"):
        from_csv(tmp_path / "none.csv", COLUMNS)
    (tmp_path / "t.csv").write_text("job,submited,seconds,gpus\n")
    with pytest.raises(InvalidInput, match=r"t\.csv:1: .*a column called submitted; did you mean 'submited'"):
        from_csv(tmp_path / "t.csv", COLUMNS)
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="readable table"):
        from_csv(tmp_path / "t.csv", COLUMNS)


def test_estimates_are_read_and_easy_backfill_goes_by_them(tmp_path):
    """One instance of two is busy for 100 s; the large job waits for both; the last may pass if its limit says so."""
    path = tmp_path / "jobs.csv"
    rows = ["one,0,100,1,00:02:00", "large,1,50,2,00:02:00", "last,2,90,1,{}"]
    waits = {}
    for limit in ("00:01:35", "00:05:00"):
        path.write_text("\n".join(["id,submit,run,gpus,Timelimit", *rows]).format(limit))
        trace = from_csv(path)
        assert [job.spec.estimate_s for job in trace.scenario.tuning_jobs] == [
            120,
            120,
            95 if limit == "00:01:35" else 300,
        ]
        assert any("estimate=Timelimit" in note for note in trace.notes)
        assumptions = attrs.evolve(trace.scenario.assumptions, discipline="easy-backfill")
        sim = Simulation(attrs.evolve(trace.scenario, capacity={"gpu": 2}, assumptions=assumptions))
        sim.run()
        waits[limit] = {job.name: job.waiting_s for job in sim.metrics().tuning_jobs}
    assert waits["00:01:35"]["last"] == 0 and waits["00:05:00"]["last"] == 148
    with pytest.raises(InvalidInput, match="Timelimit: "):
        path.write_text("\n".join(["id,submit,run,gpus,Timelimit", *rows]).format("UNLIMITED"))
        from_csv(path)


def test_what_jobs_say_of_priority_team_and_cost_is_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("at, run, urgency, who, usd\n0, 5, low, vision, 1.5\n1, 5, high, speech, 2\n2, 5, high, , 0\n")
    trace = from_csv(path, "submit=at, duration=run, priority=urgency, first=high/low, team=who, cost=usd")
    specs = [job.spec for job in trace.scenario.tuning_jobs]
    assert [spec.priority for spec in specs] == [1, 0, 0] and trace.cost_usd == 3.5
    tags = [spec.request and spec.request["Tags"] for spec in specs]
    assert tags == [[{"Key": "team", "Value": "vision"}], [{"Key": "team", "Value": "speech"}], None]
    assert trace.notes == (
        "mapping submit=at,duration=run,priority=urgency,team=who,cost=usd,first=high/low",
        "at: seconds from any beginning",
        "run: seconds",
    )
    with pytest.raises(InvalidInput, match="urgency: none of high/medium"):
        from_csv(path, "submit=at,duration=run,priority=urgency,first=high/medium")


def test_the_larger_priority_may_go_first_and_a_part_may_count_as_a_whole(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("at;run;prio;gpus\n0;5;10;0.5\n1;5;20;1.25\n")
    trace = from_csv(path, "submit=at,duration=run,size=gpus,priority=prio,first=large,shares=up")
    specs = [job.spec for job in trace.scenario.tuning_jobs]
    assert [spec.priority for spec in specs] == [-10, -20]
    assert [spec.definitions[0].instances.count for spec in specs] == [1, 2]
    with pytest.raises(InvalidInput, match="gpus: not a whole number"):
        from_csv(path, "submit=at,duration=run,size=gpus")


def test_without_a_mapping_the_columns_are_guessed_and_shown(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Job Id,Submitted At,Elapsed,GPUs\n7,1700000000000,1-00:00:10,2\n8,1700000060000,00:01:00,1\n")
    trace = from_csv(path)
    jobs = [(job.spec.name, job.at_s, job.recorded[0].training_s) for job in trace.scenario.tuning_jobs]
    assert jobs == [("7", 0, 86410), ("8", 60, 60)] and trace.scenario.epoch == "2023-11-14T22:13:20.000Z"
    assert trace.notes == (
        "mapping submit=Submitted At,duration=Elapsed,size=GPUs,name=Job Id",
        "Submitted At: milliseconds since 1970",
        "Elapsed: [days-]hours:minutes:seconds",
    )


def test_names_that_no_tuning_job_may_have_are_changed(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"id,submitted,seconds\na_1,0,1\n{'x' * 33},1,1\n_,2,1\n")
    names = [job.spec.name for job in from_csv(path).scenario.tuning_jobs]
    assert names == ["a-1", "line-3", "line-4"]
