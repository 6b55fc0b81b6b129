"""One repository after the other: what came of each is told at once, or all together as JSON; nothing is asked here."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator.desk import Desk, Shift
from progressive_capture.operator.edge import tell
from progressive_capture.operator.plain import plain

_WORST: Final = (
    ExitCode.COMPLETE,
    ExitCode.GAPS,
    ExitCode.FAILED,
    ExitCode.USAGE,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a command, or of one of its repositories, for people and for programs."""

    text: str
    document: Mapping[str, object]
    code: ExitCode = ExitCode.COMPLETE

    @classmethod
    def of(cls, text: str, document: Mapping[str, object], code: ExitCode = ExitCode.COMPLETE) -> Self:
        """Tell values of other rooms: they become plain JSON values."""
        return cls(text, {key: plain(value) for key, value in document.items()}, code)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code that several repositories come to together."""
    return max(codes, key=_WORST.index, default=ExitCode.COMPLETE)


def tell_one(desk: Desk, told: Told, *, as_json: bool) -> ExitCode:
    """Tell an answer that is about no single repository; its exit code."""
    if as_json:
        desk.put(json.dumps({"exit_code": int(told.code), **told.document}, indent=2))
    else:
        desk.say(told.text)
    return told.code


def tell_all(desk: Desk, answers: Sequence[Told], *, as_json: bool) -> ExitCode:
    """Tell answers about one repository each; the worst exit code of them."""
    code = worst(answer.code for answer in answers)
    if as_json:
        documents = [dict(answer.document) for answer in answers]
        desk.put(json.dumps({"exit_code": int(code), "repositories": documents}, indent=2))
        return code
    for answer in answers:
        if answer.text:
            desk.say(answer.text)
    return code


async def tell_each(
    desk: Desk, shift: Shift, names: Sequence[str], ask: Callable[[str], Awaitable[Told]], *, as_json: bool
) -> ExitCode:
    """Ask for each name and tell the answer; a failure of one leaves the others their turn, a wish to stop does not."""
    answers: list[Told] = []
    for name in names:
        answers.append(await _one(desk, shift, name, ask))
        if not as_json and answers[-1].text:
            desk.say(answers[-1].text)
            desk.out.flush()
        if shift.stop.requested():
            break
    if len(answers) < len(names):
        answers.append(Told("", {"repositories_left": list(names[len(answers) :])}, ExitCode.INTERRUPTED))
    return tell_all(desk, answers, as_json=True) if as_json else worst(answer.code for answer in answers)


async def _one(desk: Desk, shift: Shift, name: str, ask: Callable[[str], Awaitable[Told]]) -> Told:
    shift.display.begin(name)
    try:
        return await ask(name)
    except Exception as error:  # noqa: BLE001 - one repository's failure must not hide the others' answers
        shift.display.end()
        if shift.stop.requested():
            return _stopped(name)
        failure = tell(error, desk.err, subject=name)
        return Told("", {"repository": name, "error": failure.sentence}, failure.code)
    finally:
        shift.display.end()


def _stopped(name: str) -> Told:
    text = f"{name}: stopped. What is stored stays."
    return Told(text, {"repository": name, "interrupted": True}, ExitCode.INTERRUPTED)
