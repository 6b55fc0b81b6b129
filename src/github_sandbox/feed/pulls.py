"""Changes of a pull request itself: new, edited, closed, merged, reopened, pushed to, labelled."""

from github_sandbox.feed.event import Event
from github_sandbox.feed.order import Order
from github_sandbox.model import PullRequest, Record
from github_sandbox.world import edits
from github_sandbox.world.commits import git_actor_of, new_commit
from github_sandbox.world.conversation import set_outdated
from github_sandbox.world.stable import hex_of


def _event(pull: PullRequest, action: str, sender: Record, **more: Record) -> list[Event]:
    """A pull_request event; `more` are fields of `Event`."""
    event = Event(
        name="pull_request", action=action, repository=pull.repository, sender=sender, pull=pull.record, **more
    )
    return [event]


def open_pull(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.open``: title, body, author, commits, files, draft."""
    repository = order.repository()
    author = order.actor("author")
    title, body = order.text("title", "A new pull request"), order.text("body", "")
    commits, files = order.count("commits", 1), order.count("files", 1)
    draft = order.flag("draft", default=False)
    order.done()
    pull = edits.open_pull(repository, title, body, author, order.stamp())
    edits.replace_commits(pull, commits, author, order.stamp(), "opened")
    edits.replace_files(pull, edits.plain_files(files, pull.number))
    pull.record["isDraft"] = draft
    repository.pulls.add(pull)
    repository.record["isEmpty"] = False
    return pull, _event(pull, "opened", author)


def edit(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.edit``: title and body, either or both."""
    pull = order.pull()
    by = order.actor("by", pull.record["author"])
    given = {name: order.optional_text(name) for name in ("title", "body")}
    order.done()
    new = {name: text for name, text in given.items() if text is not None}
    if not new:
        raise order.refuse("give a title or a body.")
    changes = {name: {"from": pull.record[name]} for name in new}
    pull.record |= new
    if "body" in new:
        stamp = order.stamp(pull.record["updatedAt"])
        pull.record |= {"lastEditedAt": stamp, "editor": by, "includesCreatedEdit": True}
    return pull, _event(pull, "edited", by, changes=changes)


def close(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.close``: closed without a merge."""
    pull = order.pull()
    by = order.actor("by", pull.record["author"])
    order.done()
    _require(order, pull, "OPEN")
    _end(order, pull, "CLOSED")
    return pull, _event(pull, "closed", by)


def merge(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.merge``: merged by ``by`` with a merge commit."""
    pull = order.pull()
    by = order.actor("by")
    order.done()
    _require(order, pull, "OPEN")
    _end(order, pull, "MERGED")
    record = pull.record
    who = git_actor_of(by, record["closedAt"])
    oid = hex_of(40, record["id"], "merge", order.world.revision)
    parents = [each["commit"] for each in pull.connection("commits")[-1:]]
    commit = new_commit(record["repository"], oid, f"{record['title']} (#{pull.number})", who, who, parents=parents)
    pull.repository.keep_commit(commit)
    record |= {"merged": True, "mergedAt": record["closedAt"], "mergedBy": by, "mergeCommit": commit}
    record["_restMergeCommitSha"] = oid
    return pull, _event(pull, "closed", by)


def reopen(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.reopen``: a closed, unmerged one is open again."""
    pull = order.pull()
    by = order.actor("by", pull.record["author"])
    order.done()
    _require(order, pull, "CLOSED")
    pull.record |= {"state": "OPEN", "closed": False, "closedAt": None, "mergeable": "MERGEABLE"}
    pull.record |= {"mergeStateStatus": "CLEAN", "_restMergeableState": "clean", "canBeRebased": True}
    return pull, _event(pull, "reopened", by)


def push(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.push``: ``commits`` more commits."""
    pull = order.pull()
    by, count = order.actor("by", pull.record["author"]), order.count("commits", 1)
    order.done()
    before = pull.record["headRefOid"]
    edits.append_commits(pull, count, by, order.stamp(), order.world.revision)
    return pull, _pushed(pull, by, before)


def force_push(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.force_push``: other ``commits`` and ``files``; threads on files that are gone are outdated."""
    pull = order.pull()
    by = order.actor("by", pull.record["author"])
    commits, files = order.count("commits", 1), order.count("files", 1)
    order.done()
    before, stamp = pull.record["headRefOid"], order.stamp()
    edits.replace_commits(pull, commits, by, stamp, f"forced {order.world.revision}")
    edits.replace_files(pull, edits.plain_files(files, (pull.number, order.world.revision)))
    paths = {each["path"] for each in pull.connection("files")}
    for thread in pull.connection("reviewThreads"):
        if thread["path"] not in paths:
            set_outdated(thread, stamp)
    return pull, _pushed(pull, by, before)


def label(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.label``: add the label named."""
    pull = order.pull()
    by, chosen = order.actor("by"), order.label(pull.repository)
    order.done()
    labels = pull.connection("labels")
    if all(each is not chosen for each in labels):
        labels.append(chosen)
    return pull, _event(pull, "labeled", by, label=chosen)


def unlabel(order: Order) -> tuple[PullRequest, list[Event]]:
    """``pull_request.unlabel``: take the label named away."""
    pull = order.pull()
    by, chosen = order.actor("by"), order.label(pull.repository)
    order.done()
    labels = pull.connection("labels")
    labels[:] = [each for each in labels if each is not chosen]
    return pull, _event(pull, "unlabeled", by, label=chosen)


def _pushed(pull: PullRequest, by: Record, before: str) -> list[Event]:
    return _event(pull, "synchronize", by, more={"before": before, "after": pull.record["headRefOid"]})


def _require(order: Order, pull: PullRequest, state: str) -> None:
    if pull.record["state"] != state:
        raise order.refuse(f"pull request {pull.number} is {pull.record['state']}, and must be {state}.")


def _end(order: Order, pull: PullRequest, state: str) -> None:
    stamp = order.stamp(pull.record["updatedAt"])
    pull.record |= {"state": state, "closed": True, "closedAt": stamp, "mergeable": "UNKNOWN", "canBeRebased": False}
    pull.record |= {"mergeStateStatus": "UNKNOWN", "_restMergeableState": "unknown"}
