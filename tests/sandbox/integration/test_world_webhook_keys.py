"""Payloads have the keys of payloads that GitHub sent."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from github_sandbox.changes import apply_change
from github_sandbox.http.encoding import dumps
from tests.sandbox.world_checks import repository_of, world_of

# Keys that GitHub has added since those payloads were sent, or that none of the few samples happens to show.
NEWER = {
    ("pull_request_review_comment", "comment"): {"subject_type"},
    ("issue_comment", "comment"): {"pin"},
    ("issue_comment", "issue"): {"pull_request", "state_reason", "type"},
    ("pull_request_review", ""): {"changes"},
    ("pull_request", "label"): {"archived_at", "archived_by"},
}
IN_PULL = (
    {"type": "pull_request.close"},
    {"type": "pull_request.reopen"},
    {"type": "pull_request.push"},
    {"type": "pull_request.force_push"},
    {"type": "pull_request.edit", "body": "new"},
    {"type": "pull_request.label", "label": "bug"},
    {"type": "pull_request.unlabel", "label": "bug"},
    {"type": "review.submit", "state": "APPROVED"},
    {"type": "review.edit", "body": "new"},
    {"type": "review.dismiss"},
    {"type": "thread.comment"},
    {"type": "thread.resolve"},
    {"type": "thread.unresolve"},
    {"type": "thread_comment.edit", "body": "new"},
    {"type": "thread_comment.delete"},
    {"type": "comment.add"},
    {"type": "comment.edit", "body": "new"},
    {"type": "comment.delete"},
    {"type": "pull_request.merge"},
)
PARTS = ("pull_request", "review", "comment", "thread", "issue", "repository", "sender", "label", "organization")


@pytest.fixture(scope="module")
def recorded(data: Path) -> list[dict[str, Any]]:
    with gzip.open(data / "webhooks" / "webhook_payloads.jsonl.gz") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def produced() -> list[dict[str, Any]]:
    world = world_of("a/b=generate:5")
    repository = repository_of(world, "a", "b")
    events = apply_change(world, {"type": "pull_request.open", "repository": "a/b"})
    for change in IN_PULL:
        events += apply_change(world, {**change, "repository": "a/b", "number": repository.last_number})
    events += apply_change(world, {"type": "repository.archive", "repository": "a/b"})
    events += apply_change(world, {"type": "repository.rename", "repository": "a/b", "to": "c"})
    events += apply_change(world, {"type": "repository.transfer", "repository": "a/c", "to": "d"})
    events += apply_change(world, {"type": "repository.privatize", "repository": "d/c"})
    events += apply_change(world, {"type": "repository.delete", "repository": "d/c"})
    return [json.loads(dumps(event)) for event in events]


def payloads(recorded: list[dict[str, Any]], event: dict[str, Any]) -> list[dict[str, Any]]:
    """Recorded payloads of the same event and action, or of the same event when that action was never recorded."""
    same = [row for row in recorded if row["event"] == event["event"]]
    exact = [row["payload"] for row in same if row["action"] == event["payload"]["action"]]
    return exact or [row["payload"] for row in same]


def test_every_event_tells_what_github_tells(recorded: list[dict[str, Any]], produced: list[dict[str, Any]]) -> None:
    assert len(produced) > len(IN_PULL) + 5
    for event in produced:
        always = set.intersection(*(set(each) for each in payloads(recorded, event)))
        ever = set.union(*(set(row["payload"]) for row in recorded if row["event"] == event["event"]))
        keys = set(event["payload"])
        assert always <= keys, event["event"]
        assert keys <= ever | NEWER.get((event["event"], ""), set()), event["event"]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_github_s_keys(
    recorded: list[dict[str, Any]], produced: list[dict[str, Any]], part: str
) -> None:
    shown = [event for event in produced if part in event["payload"]]
    assert shown
    everywhere = [row["payload"][part] for row in recorded if isinstance(row["payload"].get(part), dict)]
    for event in shown:
        own = [row["payload"][part] for row in recorded if row["event"] == event["event"] and row["payload"].get(part)]
        always = set.intersection(*(set(each) for each in own or everywhere))
        ever = set.union(*(set(each) for each in everywhere))
        keys = set(event["payload"][part])
        assert always <= keys, (event["event"], part)
        assert keys <= ever | NEWER.get((event["event"], part), set()), (event["event"], part)


def test_review_states_are_lower_case(produced: list[dict[str, Any]]) -> None:
    states = {event["payload"]["review"]["state"] for event in produced if event["event"] == "pull_request_review"}
    assert states == {"approved", "dismissed", "commented"}
