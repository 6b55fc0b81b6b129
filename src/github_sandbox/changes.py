"""Applies changes to the world while clients read, and says which webhooks they cause; it sends none.

The vocabulary, and what moves a pull request's `updatedAt`, is documented in ``docs/reference/sandbox-changes.md``.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from github_sandbox.feed import places, pulls, talk
from github_sandbox.feed.event import Event
from github_sandbox.feed.order import ChangeError, Order
from github_sandbox.model import PullRequest, Record, World
from github_sandbox.webhook_payloads import Payloads

__all__ = ["KINDS", "MOVES_UPDATED_AT", "ChangeError", "apply_change"]

_InPull: TypeAlias = Callable[[Order], tuple[PullRequest, list[Event]]]
_Elsewhere: TypeAlias = Callable[[Order], list[Event]]

_IN_PULL: Final[dict[str, _InPull]] = {
    "pull_request.open": pulls.open_pull,
    "pull_request.edit": pulls.edit,
    "pull_request.close": pulls.close,
    "pull_request.merge": pulls.merge,
    "pull_request.reopen": pulls.reopen,
    "pull_request.push": pulls.push,
    "pull_request.force_push": pulls.force_push,
    "pull_request.label": pulls.label,
    "pull_request.unlabel": pulls.unlabel,
    "review.submit": talk.submit_review,
    "review.edit": talk.edit_review,
    "review.dismiss": talk.dismiss_review,
    "thread.comment": talk.add_review_comment,
    "thread.resolve": talk.resolve,
    "thread.unresolve": talk.unresolve,
    "thread_comment.edit": talk.edit_review_comment,
    "thread_comment.delete": talk.delete_review_comment,
    "comment.add": talk.add_comment,
    "comment.edit": talk.edit_comment,
    "comment.delete": talk.delete_comment,
}
_ELSEWHERE: Final[dict[str, _Elsewhere]] = {
    "repository.rename": places.rename,
    "repository.transfer": places.transfer,
    "repository.archive": places.archive,
    "repository.privatize": places.make_private,
    "repository.delete": places.delete,
}
RENAME_USER: Final = "user.rename"
SWITCH: Final = "updated_at.switch"
KINDS: Final = (*_IN_PULL, *_ELSEWHERE, RENAME_USER, SWITCH)

_STILL: Final = frozenset(
    (
        "thread.resolve",
        "thread.unresolve",
        "review.edit",
        "thread_comment.edit",
        "thread_comment.delete",
        "comment.edit",
        "comment.delete",
        RENAME_USER,
    )
)
MOVES_UPDATED_AT: Final[Mapping[str, bool]] = {kind: kind not in _STILL for kind in (*_IN_PULL, RENAME_USER)}
"""Whether a change moves the `updatedAt` of its pull request, unless ``updated_at.switch`` says otherwise.

A user's rename concerns every pull request that the user wrote. GitHub documents none of this; that edits, deletions
and resolved threads do not move it is what clients must survive.
"""


def apply_change(world: World, change: Record) -> list[Record]:
    """Apply one change and give the webhook events ``{"event", "payload"}`` that it causes, in GitHub's order.

    Raises:
        ChangeError: the change cannot be made, and nothing was changed; its message is one sentence.
    """
    order = Order(world, change)
    if order.kind == SWITCH:
        _switch(order)
        events: list[Event] = []
    elif order.kind in _IN_PULL:
        pull, events = _IN_PULL[order.kind](order)
        _touch(order, pull)
    elif order.kind == RENAME_USER:
        _rename_user(order)
        events = []
    elif order.kind in _ELSEWHERE:
        events = _ELSEWHERE[order.kind](order)
    else:
        raise ChangeError(f"there is no change {order.kind!r}; the kinds are {', '.join(KINDS)}.")
    world.revision += 1
    payloads = Payloads()
    return [payloads.delivery(event) for event in events]


def _rename_user(order: Order) -> None:
    user = places.rename_user(order)
    if _moves(order):
        for pull in places.written_by(order.world, user):
            _touch(order, pull)


def _moves(order: Order) -> bool:
    return {**MOVES_UPDATED_AT, **order.world.moves_updated_at}[order.kind]


def _touch(order: Order, pull: PullRequest) -> None:
    record, repository = pull.record, pull.repository.record
    if _moves(order):
        record["updatedAt"] = order.stamp(record["updatedAt"])
        repository["updatedAt"] = max(repository["updatedAt"], record["updatedAt"])
    if order.kind in {"pull_request.open", "pull_request.push", "pull_request.force_push", "pull_request.merge"}:
        repository["pushedAt"] = order.stamp(repository["pushedAt"])
    pull.repository.pulls.moved(pull)


def _switch(order: Order) -> None:
    moves = order.flags("moves")
    order.done()
    unknown = sorted(moves.keys() - MOVES_UPDATED_AT.keys())
    if unknown:
        raise order.refuse(f"{', '.join(unknown)} moves no pull request; name changes of the table.")
    order.world.moves_updated_at |= moves
