"""The queue's answers to requests, in words and as JSON values; nothing is asked or decided here."""

from typing import assert_never

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.requests import Joined, Queued, Refused, RerunAsked, Submitted, Throttled
from progressive_capture.operator.telling import Told


def told(name: str, repository_id: int, submitted: Submitted) -> Told:
    """Say what became of a request."""
    said, document, code = _answer(submitted)
    return Told.of(f"{name}: {said}", {"repository": name, "repository_id": repository_id, **document}, code)


def _answer(submitted: Submitted) -> tuple[str, dict[str, object], ExitCode]:
    match submitted:
        case Queued(job_id, route):
            lane = f"in the {route.processor} lane" if route.processor else "and held"
            said = f"queued as {job_id} {lane} ({route.rule}). {route.reason}"
            return said, {"outcome": "queued", "job_id": job_id, "route": route}, ExitCode.COMPLETE
        case Joined(job_id):
            said = f"served by {job_id}, which is open and has not begun."
            return said, {"outcome": "joined", "job_id": job_id}, ExitCode.COMPLETE
        case RerunAsked(job_id):
            said = f"served by a successor of {job_id}, which has begun; it is queued when that one settles."
            return said, {"outcome": "rerun_asked", "job_id": job_id}, ExitCode.COMPLETE
        case Throttled(until, why):
            said = f"not queued before {until:%Y-%m-%d %H:%M:%S} UTC. {why}"
            return said, {"outcome": "throttled", "until": until, "why": why}, ExitCode.COMPLETE
        case Refused(why):
            return f"refused. {why}", {"outcome": "refused", "why": why}, ExitCode.FAILED
        case _:
            assert_never(submitted)
