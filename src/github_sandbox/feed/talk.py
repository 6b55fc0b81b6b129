"""Changes of what is said about a pull request: reviews, threads, their comments, and the conversation."""

from github_sandbox.feed.event import Event
from github_sandbox.feed.order import Order
from github_sandbox.model import PullRequest, Record
from github_sandbox.world import edits
from github_sandbox.world.conversation import set_resolved, set_unresolved

REVIEW_STATES = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED")


def _event(pull: PullRequest, name: str, action: str, sender: Record, **more: Record) -> list[Event]:
    """An event about `pull`; `more` are fields of `Event`."""
    return [Event(name=name, action=action, repository=pull.repository, sender=sender, pull=pull.record, **more)]


def submit_review(order: Order) -> tuple[PullRequest, list[Event]]:
    """``review.submit``: author, state (APPROVED, CHANGES_REQUESTED, COMMENTED), body."""
    pull = order.pull()
    author, state, body = order.actor("author"), order.text("state", "COMMENTED"), order.text("body", "")
    order.done()
    if state not in REVIEW_STATES:
        raise order.refuse(f"state is {state!r}; give one of {', '.join(REVIEW_STATES)}.")
    review = edits.add_review(pull, author, state, order.stamp(), body)
    return pull, _event(pull, "pull_request_review", "submitted", author, review=review)


def edit_review(order: Order) -> tuple[PullRequest, list[Event]]:
    """``review.edit``: another body."""
    pull = order.pull()
    review = order.child("review", pull.shown("reviews"))
    by, body = order.actor("by", review["author"]), order.text("body")
    order.done()
    changes = {"body": {"from": review["body"]}}
    review["body"] = body
    edits.mark_edited(review, by, order.stamp())
    return pull, _event(pull, "pull_request_review", "edited", by, review=review, changes=changes)


def dismiss_review(order: Order) -> tuple[PullRequest, list[Event]]:
    """``review.dismiss``: an approval or a request for changes counts no more."""
    pull = order.pull()
    decisive = [each for each in pull.connection("reviews") if each["state"] in {"APPROVED", "CHANGES_REQUESTED"}]
    review = order.child("review", decisive)
    by = order.actor("by")
    order.done()
    review |= {"state": "DISMISSED", "updatedAt": order.stamp()}
    edits.decide(pull)
    return pull, _event(pull, "pull_request_review", "dismissed", by, review=review)


def add_review_comment(order: Order) -> tuple[PullRequest, list[Event]]:
    """``thread.comment``: author, body; in ``thread``, else in a new thread at ``path`` and ``line``."""
    pull = order.pull()
    author, body = order.actor("author"), order.text("body", "What about this line?")
    thread = order.thread(pull, required=False)
    path, line = order.optional_text("path"), order.count("line", 1)
    order.done()
    if thread is None:
        files = pull.connection("files")
        at = edits.Line(path or (files[0]["path"] if files else "README.md"), line or None)
        thread = edits.add_thread(pull, at, order.stamp())
    comment = edits.add_review_comment(pull, thread, author, order.stamp(), body)
    review = comment["pullRequestReview"]
    return pull, [
        *_event(pull, "pull_request_review", "submitted", author, review=review),
        *_event(pull, "pull_request_review_comment", "created", author, comment=comment),
    ]


def edit_review_comment(order: Order) -> tuple[PullRequest, list[Event]]:
    """``thread_comment.edit``: another body."""
    pull = order.pull()
    comment = order.child("comment", pull.review_comments())
    by, body = order.actor("by", comment["author"]), order.text("body")
    order.done()
    changes = {"body": {"from": comment["body"]}}
    comment["body"] = body
    edits.mark_edited(comment, by, order.stamp())
    return pull, _event(pull, "pull_request_review_comment", "edited", by, comment=comment, changes=changes)


def delete_review_comment(order: Order) -> tuple[PullRequest, list[Event]]:
    """``thread_comment.delete``: the comment is gone, and its thread too when it was the last."""
    pull = order.pull()
    comment = order.child("comment", pull.review_comments())
    by = order.actor("by", comment["author"])
    order.done()
    edits.remove_review_comment(pull, comment)
    return pull, _event(pull, "pull_request_review_comment", "deleted", by, comment=comment)


def resolve(order: Order) -> tuple[PullRequest, list[Event]]:
    """``thread.resolve``: resolved by ``by``."""
    pull = order.pull()
    thread, by = order.child("thread", pull.shown("reviewThreads")), order.actor("by")
    order.done()
    set_resolved(thread, by, order.stamp())
    return pull, _event(pull, "pull_request_review_thread", "resolved", by, thread=thread)


def unresolve(order: Order) -> tuple[PullRequest, list[Event]]:
    """``thread.unresolve``: open again."""
    pull = order.pull()
    thread, by = order.child("thread", pull.shown("reviewThreads")), order.actor("by")
    order.done()
    set_unresolved(thread, order.stamp())
    return pull, _event(pull, "pull_request_review_thread", "unresolved", by, thread=thread)


def add_comment(order: Order) -> tuple[PullRequest, list[Event]]:
    """``comment.add``: author, body; also on one that was closed long ago."""
    pull = order.pull()
    author, body = order.actor("author"), order.text("body", "Still so?")
    order.done()
    comment = edits.add_comment(pull, author, order.stamp(), body)
    return pull, _event(pull, "issue_comment", "created", author, comment=comment)


def edit_comment(order: Order) -> tuple[PullRequest, list[Event]]:
    """``comment.edit``: another body."""
    pull = order.pull()
    comment = order.child("comment", pull.connection("comments"))
    by, body = order.actor("by", comment["author"]), order.text("body")
    order.done()
    changes = {"body": {"from": comment["body"]}}
    comment["body"] = body
    edits.mark_edited(comment, by, order.stamp())
    return pull, _event(pull, "issue_comment", "edited", by, comment=comment, changes=changes)


def delete_comment(order: Order) -> tuple[PullRequest, list[Event]]:
    """``comment.delete``: the comment is gone."""
    pull = order.pull()
    comment = order.child("comment", pull.connection("comments"))
    by = order.actor("by", comment["author"])
    order.done()
    edits.remove_comment(pull, comment)
    return pull, _event(pull, "issue_comment", "deleted", by, comment=comment)
