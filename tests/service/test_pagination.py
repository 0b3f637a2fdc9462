"""SortedIndexs against a sorted list, pages against a slice, and tokens that open only their own list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim.errors import ServiceError
from hptsim.service.pagination import ListRequest, SortedIndex, Tokens, page, page_then_filter

ORDERS = {"Name": lambda name, value: (name,), "Value": lambda name, value: None if value is None else (value, name)}
NAMES = st.text("abc", min_size=1, max_size=3)
CHANGES = st.lists(st.tuples(NAMES, st.none() | st.integers(0, 3), st.booleans()), max_size=40)


def expected(members, order, descending):
    keys = [ORDERS[order](name, value) for name, value in members.items()]
    return sorted((key for key in keys if key is not None), reverse=descending)


@given(rounds=st.lists(CHANGES, max_size=4), descending=st.booleans())
def test_a_index_is_a_sorted_list_whatever_changes_between_looks(rounds, descending):
    index, members = SortedIndex(ORDERS), {}
    for changes in rounds:
        for name, value, gone in changes:
            if gone and name in members:
                index.drop(name)
                del members[name]
            else:
                index.put(name, value)
                members[name] = value
        for order in ORDERS:
            keys = expected(members, order, descending)
            assert list(index.after(order, None, descending)) == keys
            for key in keys:
                later = [one for one in keys if (one < key if descending else one > key)]
                assert list(index.after(order, key, descending)) == later


def test_few_changes_in_a_large_index_are_filed_one_by_one():
    index = SortedIndex(ORDERS)
    members = {f"{number:04d}": number % 7 for number in range(1000)}
    for name, value in members.items():
        index.put(name, value)
    assert list(index.after("Value", None)) == expected(members, "Value", False)
    for name, value in (("0500", 9), ("0501", None), ("new", 3)):
        index.put(name, value)
        members[name] = value
    index.drop("0007")
    del members["0007"]
    for order in ORDERS:
        assert list(index.after(order, None)) == expected(members, order, False)


@given(st.sets(NAMES), st.integers(1, 4), st.sets(NAMES), st.booleans())
def test_pages_cover_what_is_wanted_once_while_others_are_created(names, size, later, descending):
    index = SortedIndex(ORDERS)
    for name in names:
        index.put(name, 0)
    seen, key, coming = [], None, sorted(later - names)
    while True:
        found, key = page(index.after("Name", key, descending), size, lambda name: not name.startswith("c"))
        assert len(found) <= size
        seen += found
        if key is None:
            break
        if coming:
            index.put(coming.pop(), 0)
    assert len(seen) == len(set(seen))
    assert {name for name in names if not name.startswith("c")} <= set(seen)


@pytest.mark.long
def test_a_page_at_the_end_of_a_hundred_thousand_looks_at_one_page_only():
    index = SortedIndex({"Name": ORDERS["Name"]})
    for number in range(100_000):
        index.put(f"{number:06d}", 0)
    looked = []

    def wanted(name):
        looked.append(name)
        return True

    for start in ("000000", "050000", "099000"):
        looked.clear()
        found, _ = page(index.after("Name", (start,)), 100, wanted)
        assert len(found) == 100 and len(looked) == 101


def test_page_then_filter_gives_short_pages():
    keys = [(name,) for name in "abcdef"]
    assert page_then_filter(iter(keys), 2, "ace".__contains__) == (["a"], ("b",))
    assert page_then_filter(iter(keys), 3, "".__contains__) == ([], ("c",))
    assert page_then_filter(iter(keys[:2]), 3, "b".__contains__) == (["b"], None)


def test_the_page_after_a_full_last_one_is_empty():
    """O10: a full page has a next one, whether or not anything follows."""
    assert page_then_filter(iter([("a",), ("b",)]), 2, "ab".__contains__) == (["a", "b"], ("b",))
    assert page_then_filter(iter([]), 2, "ab".__contains__) == ([], None)
    assert page(iter([("a",), ("b",)]), 2, "ab".__contains__) == (["a", "b"], None)


QUESTION = ListRequest.of("List", {"SortBy": "Name", "MaxResults": 3})


@pytest.mark.parametrize(
    ("other", "list_request", "now"),
    [
        (Tokens("two"), QUESTION, 9.0),
        (Tokens("one"), ListRequest.of("ListOthers", {"SortBy": "Name"}), 9.0),
        (Tokens("one"), ListRequest.of("List", {"SortBy": "Status"}), 9.0),
        (Tokens("one"), QUESTION, 4.0),
    ],
    ids=["simulation", "operation", "filter", "stale"],
)
def test_a_token_opens_its_own_list_only(other, list_request, now):
    token = Tokens("one").make(QUESTION, ("a", 1.5), 5.0)
    assert Tokens("one").read(token, ListRequest.of("List", {"SortBy": "Name", "MaxResults": 7}), 5.0) == ("a", 1.5)
    with pytest.raises(ServiceError, match="Invalid NextToken") as refused:
        other.read(token, list_request, now)
    assert refused.value.code == "ValidationException"


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_a_made_up_token_is_refused(text):
    with pytest.raises(ServiceError, match="Invalid NextToken"):
        Tokens("one").read(text, QUESTION, 5.0)


def test_a_damaged_token_is_refused():
    token = Tokens("one").make(QUESTION, ("a",), 5.0)
    for place in range(len(token)):
        damaged = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        try:
            read = Tokens("one").read(damaged, QUESTION, 5.0)
        except ServiceError:
            continue
        assert read == ("a",)  # the last character of base64 may carry unused bits


def test_a_list_without_keys_is_taken_in_pages_and_a_full_last_page_has_no_token():
    tokens, asked, found, token = Tokens("simulation 1"), ListRequest.of("Search", {}), [], None
    for pages in (1, 2):
        some, more = tokens.counted("abcd", 2, asked, token, 5.0)
        found += some
        token = more.get("NextToken")
        assert (token is None) == (pages == 2)
    assert found == list("abcd") and tokens.counted([], 2, asked, None, 5.0) == ([], {})
    with pytest.raises(ServiceError, match="Invalid NextToken"):
        tokens.counted(
            "abcd", 2, ListRequest.of("Search", {"Resource": "TrainingJob"}), tokens.make(asked, (2,), 5.0), 5.0
        )
