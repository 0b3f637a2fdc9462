"""Teams and their shares: whose a job is, and which shares cannot be kept."""

import pytest

from hptsim.errors import InvalidInput
from hptsim.model.teams import Share, Teams

M5, C5 = "ml.m5.xlarge", "ml.c5.xlarge"


def test_a_team_is_said_or_a_tag():
    teams = Teams(tag="squad")
    tags = {"Tags": [{"Key": "team", "Value": "no"}, {"Key": "squad", "Value": "vision"}]}
    assert (teams.of("", tags), teams.of("speech", tags), teams.of("", {}), teams.of("", None)) == (
        "vision",
        "speech",
        "",
        "",
    )


def test_all_is_lent_unless_said_otherwise():
    share = Share(quota={M5: 3, C5: 2}, lend={M5: 1})
    assert (share.kept(M5), share.kept(C5), share.kept("ml.p3")) == (2, 0, 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"wieght": 2}, r"shares\.a\.wieght: got 'wieght', expected a key of a share; did you mean 'weight'"),
        ({"weight": 0}, r"shares\.a\.weight: got 0, expected a whole number of at least 1"),
        ({"weight": 0.5}, r"shares\.a\.weight: got 0\.5"),
        ({"quota": {M5: -1}}, r"shares\.a\.quota\.ml\.m5\.xlarge: got -1"),
        (
            {"quota": {M5: 1}, "lend": {M5: 2}},
            r"shares\.a\.lend\.ml\.m5\.xlarge: got 2, expected at most .*quota \(1\)",
        ),
        (3, r"shares\.a: got 3, expected a table"),
    ],
)
def test_a_share_that_cannot_be_meant(given, message):
    with pytest.raises(InvalidInput, match=message):
        Teams(shares={"a": given})


def test_shares_are_a_table():
    with pytest.raises(InvalidInput, match="shares: got"):
        Teams(shares=["a"])


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({}, 'a quota of at least one team with discipline "quota-shares"'),
        ({"a": {"weight": 2}}, "a quota of at least one team"),
        ({"a": {"quota": {"ml.m5.xlagre": 1}}}, r"teams\.shares\.a\.quota\.ml\.m5\.xlagre: .* did you mean 'ml\.m5"),
        ({"a": {"quota": {M5: 1}, "borrow": {C5: 1}}}, r"teams\.shares\.a\.borrow\.ml\.c5\.xlarge"),
        ({"a": {"quota": {M5: 3}}, "b": {"quota": {M5: 2}}}, r"the quota of ml\.m5\.xlarge: got 5, .* capacity \(4\)"),
    ],
)
def test_shares_that_cannot_be_kept(shares, message):
    with pytest.raises(InvalidInput, match=message):
        Teams(shares=shares).check("quota-shares", {M5: 4})
    Teams(shares=shares).check("fifo", {M5: 4})


def test_the_quota_of_every_other_type_may_be_shared_out_too():
    Teams(shares={"a": {"quota": {C5: 2}}}).check("quota-shares", {"*": 2})
    with pytest.raises(InvalidInput, match=r"capacity \(2\)"):
        Teams(shares={"a": {"quota": {C5: 3}}}).check("quota-shares", {"*": 2})


def test_an_unknown_team_is_named_with_the_nearest():
    teams = Teams(shares={"vision": Share(), "speech": Share()})
    assert teams.unknown("speech") == ""
    assert teams.unknown("visoin").endswith("did you mean 'vision'?")
    assert teams.unknown("").startswith("there is no team (a tag 'team', or team)")
    assert Teams().unknown("anybody") == ""
