"""What an account may use: a type that is not named has what "*" says, and the pools over all types are no types."""

import pytest

from hptsim.model.account import TOTAL, TUNING_JOBS, Quota, by_type


def test_a_type_that_is_not_named_has_the_count_of_the_others():
    quota = Quota({"ml.m5.xlarge": 20, "*": 4})
    assert (quota["ml.m5.xlarge"], quota["ml.g5.xlarge"], quota.get("ml.g5.xlarge")) == (20, 4, 4)
    assert "ml.g5.xlarge" in quota and list(quota) == ["ml.m5.xlarge", "*"] and len(quota) == 2
    assert quota == {"ml.m5.xlarge": 20, "*": 4} and repr(quota) == "{'ml.m5.xlarge': 20, '*': 4}"


def test_without_the_key_for_others_they_have_no_limit():
    quota = Quota({"ml.m5.xlarge": 0})
    assert quota["ml.m5.xlarge"] == 0 and "ml.g5.xlarge" not in quota and quota.get("ml.g5.xlarge") is None
    with pytest.raises(KeyError, match=r"ml\.g5\.xlarge"):
        quota["ml.g5.xlarge"]


def test_amounts_by_type_leave_the_pools_over_all_types_out():
    assert by_type({"ml.m5.xlarge": 2, TOTAL: 2, TUNING_JOBS: 1}) == {"ml.m5.xlarge": 2}
