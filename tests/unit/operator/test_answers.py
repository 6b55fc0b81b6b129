"""Tables for people, plain values for programs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from progressive_capture.domain.jobs import JobState
from progressive_capture.operator.plain import plain
from progressive_capture.operator.tables import folded, table
from tests.unit.operator.conftest import Office, Terminal


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    rows = [["inngest", 1_234, None, "12.5 %"], ["github_actions", 7, "10", "?"]]
    assert table(["lane", "due", "held", "share"], rows) == [
        "  lane              due  held   share",
        "  inngest         1,234     -  12.5 %",
        "  github_actions      7    10       ?",
    ]
    assert table(["lane"], []) == []


def test_long_lines_are_folded_between_words_and_go_on_further_to_the_right() -> None:
    text = "short\n  352682e4-1f0b-4acb-8b5e-254ea19230a5  a/b   one or two more\n\nend"
    assert folded(text, 49) == ("short\n  352682e4-1f0b-4acb-8b5e-254ea19230a5  a/b   one\n      or two more\n\nend")
    assert folded(text, 80) == text
    assert folded("x" * 90, 80) == "x" * 90


def test_a_terminal_gets_lines_that_fit_and_a_program_gets_them_whole(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    line = "one of many words " * 5
    office.desk().say(line)
    assert office.out.getvalue() == line + "\n"
    office.out = Terminal()
    office.desk().say(line)
    assert max(map(len, office.out.getvalue().splitlines())) <= 50
    office.desk().put(line)
    assert office.out.getvalue().endswith(line + "\n")


class Pair(NamedTuple):
    one: int
    two: JobState


@dataclass(frozen=True)
class Whole:
    pairs: list[Pair]
    at: datetime
    age: timedelta
    kinds: frozenset[str]
    by_state: dict[JobState, int]
    nothing: None = None


def test_values_become_json_by_their_names() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    whole = Whole([Pair(1, JobState.DEAD)], at, timedelta(minutes=1), frozenset({"b", "a"}), {JobState.PENDING: 2})
    assert plain(whole) == {
        "pairs": [{"one": 1, "two": "dead"}],
        "at": "2026-01-02T03:04:05.000000Z",
        "age": 60.0,
        "kinds": ["a", "b"],
        "by_state": {"pending": 2},
        "nothing": None,
    }


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(TypeError, match="object is no plain value"):
        plain([object()])
