"""The awkward pull requests of ``hostile/everything``, one a case, found by their titles; `stage` draws them."""

from collections.abc import Callable
from typing import Final

from github_sandbox.world import edits
from github_sandbox.world.commits import new_git_actor
from github_sandbox.world.conversation import new_review_request, set_outdated, set_resolved
from github_sandbox.world.edits import Line
from github_sandbox.world.pull_records import new_file
from github_sandbox.world.pulls import PullRequest
from github_sandbox.world.stage import Stage
from github_sandbox.world.state import World

DELETED_ISSUE: Final = 2
MEGABYTE: Final = 1_048_576
EMOJI: Final = "🦑 👩‍👩‍👧‍👦 é e\u0301 \u202eright to left\u202c"
NUL: Final = "before\x00after"
SURROGATE: Final = "lone \ud83d and \udc00 here"


def everything(world: World, owner: str) -> None:
    """Add ``everything`` under `owner`, with ids above 32 bits, gaps in its numbers and a deleted issue."""
    stage = Stage(world, owner, "everything")
    stage.person("avery")
    stage.person("blake")
    for add in (_people, _texts, _sizes, _many, _many_threads, _pending, _states, _places, _files, _oddities, _ties):
        add(stage)
    stage.repository.deleted_issues.add(DELETED_ISSUE)


def _nothing(_pull: PullRequest) -> None:
    """The author, or the size, is all that is awkward."""


def _people(stage: Stage) -> None:
    avery = stage.person("avery")

    def silent(pull: PullRequest) -> None:
        edits.add_review(pull, None, "APPROVED", stage.stamp(), "From an account since deleted")
        edits.add_comment(pull, None, stage.stamp(), "Another one")
        thread = edits.add_thread(pull, Line("src/module_00000.py"), stage.stamp())
        edits.add_review_comment(pull, thread, None, stage.stamp(), "And one in the code")
        set_resolved(thread, None, stage.stamp())

    stage.add("deleted author", None, silent)
    stage.add("bot author", stage.person("dependabot", "Bot"), _nothing)
    stage.add("bot without a numeric id", stage.person("numberless", "Bot", numeric=False), _nothing)
    stage.add("mannequin author", stage.person("imported-mona", "Mannequin"), _nothing)
    stage.add("organization author", stage.person("hostile", "Organization"), _nothing)
    stage.add("login renamed, first under the old one", stage.person("river-old"), _nothing)
    stage.world.rename_actor(stage.person("river-old"), "river-new")
    stage.add("login renamed, then under the new one", stage.person("river-old"), _nothing)
    stage.add("login reused, first holder", stage.person("casey"), _nothing)
    first = stage.people.pop("casey")
    stage.world.rename_actor(first, "casey-before")
    stage.add("login reused, second holder", stage.person("casey"), _nothing)
    stage.add("deleted head repository", avery, _without_head)


def _without_head(pull: PullRequest) -> None:
    pull.record |= {"headRepository": None, "headRepositoryOwner": None, "headRef": None, "isCrossRepository": True}


def _texts(stage: Stage) -> None:
    avery = stage.person("avery")
    for title, text in (
        ("empty body", ""),
        ("one megabyte body", "m" * MEGABYTE),
        ("emoji", EMOJI),
        ("NUL", NUL),
        ("lone surrogates", SURROGATE),
    ):
        stage.add(title, avery, _saying(stage, text))


def _saying(stage: Stage, text: str) -> Callable[[PullRequest], None]:
    def say(pull: PullRequest) -> None:
        blake = stage.person("blake")
        pull.record["body"] = text
        edits.add_comment(pull, blake, stage.stamp(), text)
        edits.add_review(pull, blake, "COMMENTED", stage.stamp(), text)
        thread = edits.add_thread(pull, Line("src/module_00000.py"), stage.stamp())
        edits.add_review_comment(pull, thread, blake, stage.stamp(), text)

    return say


def _sizes(stage: Stage) -> None:
    avery = stage.person("avery")
    stage.add("zero changes in one commit", avery, _nothing, files=0)
    stage.add("zero of everything", avery, _nothing, files=0, commits=0)
    stage.add("more than a hundred commits", avery, _nothing, commits=270)
    stage.add("more than a hundred files", avery, _nothing, files=150)
    stage.add("more than three thousand files", avery, _nothing, files=3_105)


def _many(stage: Stage) -> None:
    avery, blake = stage.person("avery"), stage.person("blake")

    def reviews(pull: PullRequest) -> None:
        for place in range(230):
            edits.add_review(pull, blake, ("COMMENTED", "APPROVED")[place % 2], stage.stamp(), f"Review {place}")

    def comments(pull: PullRequest) -> None:
        for place in range(250):
            edits.add_comment(pull, blake, stage.stamp(), f"Comment {place}")

    stage.add("more than a hundred reviews", avery, reviews)
    stage.add("more than a hundred comments", avery, comments)


def _many_threads(stage: Stage) -> None:
    avery, blake = stage.person("avery"), stage.person("blake")

    def threads(pull: PullRequest) -> None:
        review = edits.add_review(pull, blake, "COMMENTED", stage.stamp(), "All of it")
        for place in range(120):
            thread = edits.add_thread(pull, Line("src/module_00000.py", place + 1), stage.stamp())
            edits.add_review_comment(pull, thread, blake, review["submittedAt"], f"Line {place}", review=review)

    def long_thread(pull: PullRequest) -> None:
        thread = edits.add_thread(pull, Line("src/module_00000.py"), stage.stamp())
        review = edits.add_review(pull, blake, "COMMENTED", stage.stamp())
        for place in range(130):
            who = (avery, blake)[place % 2]
            edits.add_review_comment(pull, thread, who, stage.stamp(), f"Answer {place}", review=review)

    stage.add("more than a hundred threads in one review", avery, threads)
    stage.add("more than a hundred comments in one thread", avery, long_thread)


def _pending(stage: Stage) -> None:
    avery, blake = stage.person("avery"), stage.person("blake")

    def unsent(pull: PullRequest) -> None:
        sent = edits.add_thread(pull, Line("src/module_00000.py", 3), stage.stamp())
        edits.add_review_comment(pull, sent, blake, stage.stamp(), "Everyone sees this")
        review = edits.add_review(pull, blake, "PENDING", stage.stamp(), "Not submitted")
        own = edits.add_thread(pull, Line("src/module_00000.py", 7), stage.stamp())
        edits.add_review_comment(pull, own, blake, stage.stamp(), "Only blake sees this", review=review)
        edits.add_review_comment(pull, sent, blake, stage.stamp(), "Nor is this answer sent", review=review)

    def hidden(pull: PullRequest) -> None:
        edits.add_review(pull, blake, "COMMENTED", stage.stamp(), "The one that is shown")
        edits.add_comment(pull, blake, stage.stamp(), "The one that is shown")
        pull.record["_totals"] = {"reviews": 3, "comments": 2}  # others are spam: counted, never listed

    stage.add("pending review", avery, unsent)
    stage.add("count higher than what is shown", avery, hidden)


def _states(stage: Stage) -> None:
    avery, blake = stage.person("avery"), stage.person("blake")

    def close(pull: PullRequest) -> None:
        pull.record |= {"state": "CLOSED", "closed": True, "closedAt": stage.stamp(), "mergeable": "UNKNOWN"}

    def merge(pull: PullRequest) -> None:
        close(pull)
        pull.record |= {"state": "MERGED", "merged": True, "mergedAt": pull.record["closedAt"], "mergedBy": None}
        pull.record["mergeCommit"] = pull.repository.keep_commit(pull.connection("commits")[-1]["commit"])
        pull.record["_restMergeCommitSha"] = pull.record["mergeCommit"]["oid"]

    def conflict(pull: PullRequest) -> None:
        pull.record |= {"mergeable": "CONFLICTING", "mergeStateStatus": "DIRTY", "_restMergeableState": "dirty"}

    def dismissed(pull: PullRequest) -> None:
        edits.add_review(pull, blake, "DISMISSED", stage.stamp(), "No longer so")["commit"] = None

    stage.add("closed unmerged", avery, close)
    stage.add("merged by an account since deleted", avery, merge)
    stage.add("draft", avery, lambda pull: pull.record.update({"isDraft": True}))
    stage.add("locked", avery, lambda pull: pull.record.update({"locked": True, "activeLockReason": "TOO_HEATED"}))
    stage.add("conflicting", avery, conflict)
    stage.add("dismissed review of a commit that is gone", avery, dismissed)


def _places(stage: Stage) -> None:
    blake = stage.person("blake")

    def everywhere(pull: PullRequest) -> None:
        for at in (
            Line("src/module_00000.py", None),
            Line("src/module_00000.py", 9, side="LEFT"),
            Line("src/module_00000.py", 12, start=4),
            Line("src/module_00000.py", 40),
        ):
            thread = edits.add_thread(pull, at, stage.stamp())
            edits.add_review_comment(pull, thread, blake, stage.stamp(), "Here")
        set_outdated(pull.connection("reviewThreads")[-1], stage.stamp())

    stage.add("threads on a file, a left side, a range and lines that are gone", stage.person("avery"), everywhere)


def _files(stage: Stage) -> None:
    def every(pull: PullRequest) -> None:
        rows = [
            new_file("added.py", "ADDED", 5, 0),
            new_file("binary.png", "MODIFIED", 0, 0, binary=True),
            new_file("changed.sh", "CHANGED", 0, 0),
            new_file("copied.py", "COPIED", 1, 0, previous="added.py"),
            new_file("deleted.py", "DELETED", 0, 7),
            new_file("huge.json", "MODIFIED", 40_000, 2),
            new_file("renamed.py", "RENAMED", 0, 0, previous="before/renamed.py"),
            new_file("renamed and changed.py", "RENAMED", 2, 1, previous="before/ümlaut 🦑.py"),
        ]
        edits.replace_files(pull, rows)

    stage.add("every kind of changed file", stage.person("avery"), every)


def _oddities(stage: Stage) -> None:
    avery, blake = stage.person("avery"), stage.person("blake")

    def unknown(pull: PullRequest) -> None:
        commit = pull.connection("commits")[0]["commit"]
        commit["author"] = new_git_actor(None, None, "1970-01-01T00:00:00Z", None)
        commit["committer"] = new_git_actor("Later", "later@example.invalid", "2099-12-31T23:59:59Z", None)
        commit["_connections"]["authors"] = [commit["author"]]
        commit |= {"authoredDate": "1970-01-01T00:00:00Z", "committedDate": "2099-12-31T23:59:59Z"}
        commit |= {"changedFilesIfAvailable": None, "authoredByCommitter": False}

    def said_twice(pull: PullRequest) -> None:
        comment = edits.add_comment(pull, blake, stage.stamp(), "Edited since")
        edits.mark_edited(comment, avery, stage.stamp())
        hidden = edits.add_comment(pull, blake, stage.stamp(), "Spam")
        hidden |= {"isMinimized": True, "minimizedReason": "spam"}

    def asked(pull: PullRequest) -> None:
        team = stage.world.teams_of(stage.repository.record["owner"])[0]
        for reviewer in (blake, team):
            number = stage.world.reserve("ReviewRequest", wide=True)
            pull.connection("reviewRequests").append(new_review_request(pull.record, number, reviewer))
            pull.repository.pulls.register("ReviewRequest", number, pull)
        pull.connection("assignees").extend([avery, blake])
        has = stage.repository.record["_connections"]
        pull.connection("labels").extend(has["labels"])
        pull.record["milestone"] = has["milestones"][0]

    stage.add("commit of nobody, in 1970 and 2099", avery, unknown)
    stage.add("edited and minimized comments", avery, said_twice)
    stage.add("team and user asked for review", avery, asked)


def _ties(stage: Stage) -> None:
    """Pull requests whose times are all equal, so that an order by time alone is none."""
    stamp = stage.stamp()
    for place in range(5):
        pull = stage.pull(f"the same second {place}", stage.person("avery"))
        pull.record |= {"createdAt": stamp, "updatedAt": stamp, "publishedAt": stamp}
        pull.repository.pulls.add(pull)
