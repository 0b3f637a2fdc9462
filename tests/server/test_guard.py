"""A page elsewhere, whose browser can reach the server, can neither read nor move the twin."""

import pytest
from examples import simulation

from hptsim.server import application

from .asking import ask, code

REFUSED = (403, "AccessDeniedException")


@pytest.fixture
def sim():
    return simulation()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil", "twin"]
)
def test_a_name_that_points_here_only_for_an_attacker(sim, host):
    app = application(sim)
    assert code(ask(app, "POST", "/_hptsim/advance", b'{"seconds": 9}', Host=host)) == REFUSED
    assert code(ask(app, "GET", "/_hptsim/journal", Host=host)) == REFUSED
    assert code(ask(app, "POST", "/", b"{}", X_Amz_Target="SageMaker.ListTrainingJobs", Host=host)) == REFUSED
    assert "<Code>AccessDeniedException</Code>" in ask(app, "GET", "/bucket/key", Host=host).text
    assert sim.now == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "[::1]:8765", "LOCALHOST", "bucket.localhost:1", "10.1.2.3", "twin:80", "b.twin"]
)
def test_addresses_localhost_and_names_that_are_allowed(sim, host):
    app = application(sim, allowed_hosts=["Twin"])
    assert ask(app, "GET", "/_hptsim/health", Host=host).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:8766", "http://localhost.evil", ""]
)
def test_a_page_of_another_origin(sim, origin):
    app = application(sim)
    assert code(ask(app, "POST", "/_hptsim/advance", b'{"seconds": 9}', Origin=origin)) == REFUSED
    target = {"X_Amz_Target": "SageMaker.ListTrainingJobs"}
    assert code(ask(app, "POST", "/", b"{}", Origin=origin, **target)) == REFUSED
    assert sim.now == 0


def test_the_servers_own_page(sim):
    app = application(sim)
    assert ask(app, "POST", "/_hptsim/advance", b'{"seconds": 9}', Origin="http://localhost").json() == {"now": 9.0}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx", "text/json"]
)
def test_the_clock_moves_for_json_only(sim, kind):
    answer = ask(application(sim), "POST", "/_hptsim/advance", b'{"seconds": 9}', Content_Type=kind)
    assert code(answer) == (415, "UnsupportedMediaType") and sim.now == 0


def test_json_may_name_its_characters(sim):
    answer = ask(
        application(sim), "POST", "/_hptsim/advance", b'{"seconds": 9}', Content_Type="Application/JSON; charset=utf-8"
    )
    assert answer.json() == {"now": 9.0}
