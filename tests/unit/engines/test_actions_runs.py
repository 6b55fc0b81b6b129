"""Names of runs, and how parts are dealt out to runners; without I/O."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.errors import UsageError
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.actions.matrix import ITEMS, MOST, entries
from progressive_capture.github.addresses import ApiAddress

JOB = "4f1f7d7e-8f2a-4f4e-9d3b-0a1b2c3d4e5f"


@pytest.mark.parametrize(("text", "key"), [(JOB, RunKey(JOB)), (f" {JOB.upper()}:12 ", RunKey(JOB, 12))])
def test_a_key_is_what_its_text_says(text: str, key: RunKey) -> None:
    assert RunKey.parse(text) == key
    assert RunKey.parse(key.text) == key


@pytest.mark.parametrize("text", ["", "7", f"{JOB}:", f"{JOB}:0", f"{JOB}:-1", f"{JOB}:1:2", f"{JOB}:1{'0' * 9}"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no job"):
        RunKey.parse(text)


@given(
    st.dictionaries(st.integers(1, 2_000), st.integers(0, ITEMS), max_size=400),
    st.integers(1, 300),
)
def test_every_part_is_dealt_out_once_to_no_more_runs_than_help(left: dict[int, int], principals: int) -> None:
    dealt = entries(left, principals)
    given_out = [int(k) for hand in dealt for k in hand.split(",")]
    assert sorted(given_out) == sorted(left)
    assert len(dealt) <= min(MOST, len(left))
    assert len(dealt) <= max(principals, -(-sum(left.values()) // ITEMS))


def test_hands_are_as_heavy_as_each_other() -> None:
    assert entries({1: 100, 2: 100, 3: 100, 4: 300}, 2) == ["1,2,3", "4"]
    assert entries({1: ITEMS, 2: ITEMS}, 1) == ["1", "2"]
    assert entries({}, 3) == []


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://git.example.com/api/v3", "https://git.example.com"),
        ("http://127.0.0.1:8901", "http://127.0.0.1:8901"),
    ],
)
def test_people_see_a_github_at_its_own_address(api: str, web: str) -> None:
    address = ApiAddress.parse(api)
    assert address.web == web
    assert address.run_link("o/r", 7) == f"{web}/o/r/actions/runs/7"
