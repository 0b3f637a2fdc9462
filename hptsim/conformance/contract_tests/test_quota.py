"""Quota: it is refused when it is used up, held while a job is Stopping, and free once it is Stopped."""

from __future__ import annotations

import re

from hptsim.conformance.contract_tests.endpoint import STATUS, Endpoint, refused, rests_on

LIMIT = re.compile(r"is (\d+) Instances, with current utilization of (\d+) Instances and a request delta of (\d+)")
TRIES = 5


@rests_on("C2, R6")
def test_more_than_the_quota_is_refused_at_once(endpoint: Endpoint) -> None:
    """ResourceLimitExceeded that names limit, utilization and delta."""
    limit, used = _quota(endpoint)
    assert 0 <= used <= limit < 1000


@rests_on("S4, R3, S8")
def test_a_stopping_job_holds_its_quota_and_a_stopped_one_none(endpoint: Endpoint) -> None:
    """All instances are in use: while the job is Stopping another is refused, and once it is Stopped it is accepted."""
    limit, used = _quota(endpoint)
    for _ in range(TRIES):
        name = endpoint.tune(total=1, parallel=1, instances=limit - used)
        endpoint.launched(name)
        endpoint.stop(name)
        accepted = _accepted(endpoint)
        if endpoint.describe(name)[STATUS] == "Stopping":
            assert not accepted, "a tuning job was accepted while the one that held all instances was Stopping"
            break
        endpoint.clean_up()
    else:
        raise AssertionError("no look saw it Stopping: it takes no time, or the endpoint's clock goes too fast")
    assert endpoint.ended(name)[STATUS] == "Stopped"
    assert _accepted(endpoint), "Stopped, and its instances are not free"


def _quota(endpoint: Endpoint) -> tuple[int, int]:
    """The limit of the account in instances, and what of it is in use, as the refusal of a thousand says."""
    words = refused(lambda: endpoint.tune(total=1, parallel=1, instances=1000), "ResourceLimitExceeded")
    said = LIMIT.search(words["Error"]["Message"])
    assert said, f"{words['Error']['Message']!r} does not name limit, utilization and delta"
    limit, used, delta = map(int, said.groups())
    assert delta == 1000
    return limit, used


def _accepted(endpoint: Endpoint) -> bool:
    """Whether one more tuning job on one instance is accepted."""
    from botocore.exceptions import ClientError

    try:
        endpoint.tune(total=1, parallel=1)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceLimitExceeded"
        return False
    return True
