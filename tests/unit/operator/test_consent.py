"""Dangerous commands: a reason is wanted, and somebody's yes."""

import io

import pytest

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator.consent import Declined, consent, reason
from progressive_capture.operator.desk import Desk
from tests.unit.operator.conftest import Terminal

WILL = "This cancels 3 jobs."


def desk(*lines: str, terminal: bool = True) -> Desk:
    def wire(*_: object, **__: object) -> None:
        raise AssertionError("nothing is opened for a question")

    made = Terminal if terminal else io.StringIO
    return Desk(io.StringIO(), made(), wire, inp=made("".join(lines)))  # type: ignore[arg-type] # no works are wanted


def said(at: Desk) -> str:
    assert isinstance(at.err, io.StringIO)
    return at.err.getvalue()


@pytest.mark.parametrize("answer", ["y\n", "YES\n", " yes \n"])
def test_a_yes_goes_on(answer: str) -> None:
    at = desk(answer)
    consent(at, WILL, yes=False)
    assert said(at) == "This cancels 3 jobs. Go on? [y/N] "


@pytest.mark.parametrize("answer", ["\n", "n\n", "yesterday\n", ""])
def test_anything_else_changes_nothing(answer: str) -> None:
    with pytest.raises(Declined, match="Nothing was changed") as declined:
        consent(desk(answer), WILL, yes=False)
    assert declined.value.exit_code is ExitCode.INTERRUPTED


def test_yes_in_advance_asks_nothing() -> None:
    for at in (desk(), desk(terminal=False)):
        consent(at, WILL, yes=True)
        assert said(at) == ""


def test_without_a_terminal_nobody_can_be_asked() -> None:
    at = desk("y\n", terminal=False)
    with pytest.raises(UsageError, match=r"^This cancels 3 jobs\. Nothing was changed: .* --yes\.$"):
        consent(at, WILL, yes=False)


def test_a_reason_is_given_or_asked_for() -> None:
    assert reason(desk(), " errors ") == "errors"
    assert reason(desk("too slow\n"), None) == "too slow"


@pytest.mark.parametrize("at", [desk("\n"), desk(terminal=False)])
def test_no_reason_is_a_mistake(at: Desk) -> None:
    with pytest.raises(UsageError, match="--reason"):
        reason(at, None)


def test_an_empty_reason_is_not_asked_for_again() -> None:
    with pytest.raises(UsageError, match="--reason"):
        reason(desk("because\n"), "  ")
