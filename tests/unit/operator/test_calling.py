"""Calls in Python become the command line that a person would type."""

from dataclasses import dataclass, field

import pytest

from progressive_capture.operator.calling import command_line


@dataclass
class Made:
    """An argument or an option, as Typer describes it."""

    name: str
    param_type_name: str = "option"
    nargs: int = 1
    multiple: bool = False
    opts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.opts = self.opts or ["--" + self.name.replace("_", "-")]


NAMES = Made("names", "argument", nargs=-1)
PERCENTAGE = Made("percentage", "argument")
REASON = Made("reason")
CANCEL = Made("cancel_running")
ONLY = Made("only", multiple=True)
NUMBERS = Made("numbers")
TYPE = Made("job_type", opts=["--type"])


@pytest.mark.parametrize(
    ("parameters", "values", "named", "words"),
    [
        ([PERCENTAGE, REASON], (50,), {}, ["--", "50"]),
        ([PERCENTAGE, REASON], (-1,), {}, ["--", "-1"]),
        ([PERCENTAGE, REASON], (50, "to see"), {}, ["--reason=to see", "--", "50"]),
        ([PERCENTAGE, REASON], (50,), {"reason": "-dash"}, ["--reason=-dash", "--", "50"]),
        ([REASON, CANCEL], ("errors",), {}, ["--reason=errors", "--"]),
        ([REASON, CANCEL], ("errors", True), {}, ["--reason=errors", "--cancel-running", "--"]),
        ([REASON, CANCEL], (), {"cancelRunning": True}, ["--cancel-running", "--"]),
        ([REASON, CANCEL], (), {"cancel_running": False}, ["--"]),
        ([NAMES, REASON], ("o", "n"), {}, ["--", "o", "n"]),
        ([NAMES, REASON], ([1, 2],), {"reason": "r"}, ["--reason=r", "--", "1", "2"]),
        ([NAMES, ONLY], ("o/n",), {"only": ["reviews", "files"]}, ["--only=reviews", "--only=files", "--", "o/n"]),
        ([NAMES, NUMBERS], ("o/n",), {"numbers": (1, 5)}, ["--numbers=1,5", "--", "o/n"]),
        ([PERCENTAGE, REASON], (50, None), {}, ["--", "50"]),
        ([TYPE], (), {"type": "recent-prs"}, ["--type=recent-prs", "--"]),
        ([TYPE], (), {"job_type": "recent-prs"}, ["--type=recent-prs", "--"]),
    ],
)
def test_values_by_place_and_by_name(
    parameters: list[Made], values: tuple[object, ...], named: dict[str, object], words: list[str]
) -> None:
    assert command_line(parameters, values, named) == words


def test_a_value_too_many_and_an_unknown_name_are_refused() -> None:
    with pytest.raises(TypeError, match="'x' is one value too many"):
        command_line([PERCENTAGE], (50, "x"), {})
    with pytest.raises(TypeError, match="no option speed: it takes percentage, reason"):
        command_line([PERCENTAGE, REASON], (50,), {"speed": 1})
