"""Mistakes in a command line, each as one sentence in our words; which words a command takes stands in the registry."""

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typer.exceptions import TyperException

_OF_VALIDATION: Final = "Value error, "
"""What the validating library puts before its sentences; nobody who types a command needs to know of it."""

_HELP: Final = "Usage: "

_NUMBERS: Final = {int: "whole number", float: "number"}

_BELOW_ZERO: Final = re.compile(r"-[0-9.]")


def sentence(error: "TyperException") -> str:
    """Say what is wrong, without the full stop; help, which stands in for a sentence, has several lines and stays."""
    option = str(getattr(error, "option_name", ""))
    if _BELOW_ZERO.match(option):
        return f"{option} is taken for an option, and no number below 0 can be meant here"
    message = error.format_message()
    if message.startswith(_HELP):
        return message
    message = " ".join(message.split())
    number = _of_number(error)
    if number is not None:
        message = f"{message.partition(': ')[0]}: {number}"
    return message.replace(_OF_VALIDATION, "").rstrip(".")


def _of_number(error: "TyperException") -> str | None:
    """Say what number was wanted: the validating library tells one bound alone, and calls `nan` too large."""
    refused: list[dict[str, object]] = getattr(error.__cause__, "errors", list)()
    parameter: Any = getattr(error, "param", None)
    if not refused or parameter is None or parameter.type_descriptor.annotation not in _NUMBERS:
        return None
    wanted = parameter.type_descriptor
    kind, span = _NUMBERS[wanted.annotation], _span(wanted.parameter_info.min, wanted.parameter_info.max)
    return f"{refused[0]['input']!r} is no {kind}{span}"


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return ""
    return f" from {low:,} on" if high is None else f" from {low:,} to {high:,}"
