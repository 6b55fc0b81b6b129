"""Leaf fields that follow from what a record holds, or that are the same for every record; no connection lives here."""

from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Any, Final

from github_sandbox.graphql.errors import FieldError
from github_sandbox.graphql.execution import Arguments, Execution, Resolver
from github_sandbox.model import Record

WEB: Final = "https://github.com"
REACTIONS: Final = ("THUMBS_UP", "THUMBS_DOWN", "LAUGH", "HOORAY", "CONFUSED", "HEART", "ROCKET", "EYES")


def _always(value: object) -> Resolver:
    return lambda _record, _args, _execution: value


def _key(name: str) -> Resolver:
    """Show what the record holds under another name."""
    return lambda record, _args, _execution: record[name]


def _suffixed(name: str, suffix: str) -> Resolver:
    return lambda record, _args, _execution: record[name] + suffix


def _path(record: Record, _args: Arguments, _execution: Execution) -> str:
    url: str = record["url"]
    return url.removeprefix(WEB)


def _path_with(suffix: str) -> Resolver:
    return lambda record, args, execution: _path(record, args, execution) + suffix


def _html(name: str) -> Resolver:
    """Give the text as one escaped paragraph; GitHub renders Markdown, which no client of a mirror needs."""

    def html(record: Record, _args: Arguments, _execution: Execution) -> str:
        text: str = record[name]
        return f'<p dir="auto">{escape(text)}</p>' if text else ""

    return html


def _did_author(record: Record, _args: Arguments, execution: Execution) -> bool:
    author = record.get("author")
    return author is not None and author["login"] == execution.viewer


def _edited_at_birth(record: Record, _args: Arguments, _execution: Execution) -> bool:
    return bool(record.get("includesCreatedEdit"))


def _or_false(name: str) -> Resolver:
    return lambda record, _args, _execution: bool(record.get(name))


def _or_empty(name: str) -> Resolver:
    return lambda record, _args, _execution: record.get(name) or ""


def _reaction_groups(record: Record, _args: Arguments, _execution: Execution) -> list[Record]:
    return [
        {
            "__typename": "ReactionGroup",
            "content": content,
            "createdAt": None,
            "subject": record,
            "viewerHasReacted": False,
        }
        for content in REACTIONS
    ]


def _open_graph(record: Record, _args: Arguments, _execution: Execution) -> str:
    return f"https://opengraph.githubassets.com/1/{record['nameWithOwner']}"


def _in_organization(record: Record, _args: Arguments, _execution: Execution) -> bool:
    return bool(record["owner"]["__typename"] == "Organization")


def _changed_files(record: Record, _args: Arguments, _execution: Execution) -> Any:  # noqa: ANN401 - Int or null
    count = record["changedFilesIfAvailable"]
    if count is None:
        raise FieldError("The changedFiles count for this commit is unavailable.")
    return count


def _archive(kind: str) -> Resolver:
    return lambda record, _args, _execution: (
        f"https://codeload.github.com/{record['repository']['nameWithOwner']}/legacy.{kind}/{record['oid']}"
    )


def _tree(prefix: str) -> Resolver:
    return lambda record, _args, _execution: (
        f"{prefix}/{record['repository']['nameWithOwner']}/tree/{record['_restTreeSha']}"
    )


_LINKED: Final[Mapping[str, Resolver]] = {"resourcePath": _path}

_COMMENT: Final[Mapping[str, Resolver]] = {
    **_LINKED,
    "bodyText": _key("body"),
    "bodyHTML": _html("body"),
    "createdViaEmail": _always(value=False),
    "includesCreatedEdit": _edited_at_birth,
    "reactionGroups": _reaction_groups,
    "viewerCanReact": _always(value=True),
    "viewerCanUpdate": _did_author,
    "viewerCannotUpdateReasons": lambda record, args, execution: (
        [] if _did_author(record, args, execution) else ["INSUFFICIENT_ACCESS"]
    ),
    "viewerDidAuthor": _did_author,
}

_DELETABLE: Final[Mapping[str, Resolver]] = {
    **_COMMENT,
    "viewerCanDelete": _did_author,
    "viewerCanMinimize": _always(value=False),
}

_THREAD_OF_TALK: Final[Mapping[str, Resolver]] = {
    **_COMMENT,
    "titleHTML": lambda record, _args, _execution: escape(record["title"]),
    "isReadByViewer": _or_false("isReadByViewer"),
    "viewerCanClose": _did_author,
    "viewerCanReopen": _did_author,
    "viewerCanLabel": _always(value=False),
}

_PERSON: Final[Mapping[str, Resolver]] = {**_LINKED, "email": _or_empty("email")}

_RAW: Final[dict[str, Mapping[str, Resolver]]] = {
    "Bot": _LINKED,
    "Mannequin": _LINKED,
    "Organization": {
        **_LINKED,
        "isVerified": _or_false("isVerified"),
        "viewerIsAMember": _always(value=False),
    },
    "User": {
        **_PERSON,
        "isSiteAdmin": _or_false("isSiteAdmin"),
        "isViewer": lambda record, _args, execution: record["login"] == execution.viewer,
        **{
            name: _always(value=False)
            for name in (
                "isBountyHunter",
                "isCampusExpert",
                "isDeveloperProgramMember",
                "isEmployee",
                "isGitHubStar",
                "isHireable",
            )
        },
    },
    "Team": _LINKED,
    "Label": _LINKED,
    "PullRequestCommit": _LINKED,
    "Milestone": {**_LINKED, "viewerCanClose": _always(value=False), "viewerCanReopen": _always(value=False)},
    "Issue": {**_THREAD_OF_TALK, "isPinned": _or_false("isPinned")},
    "IssueComment": _DELETABLE,
    "PullRequestReview": _DELETABLE,
    "PullRequestReviewComment": _DELETABLE,
    "PullRequestReviewThread": {
        "viewerCanReply": _always(value=True),
        "viewerCanResolve": _always(value=False),
        "viewerCanUnresolve": _always(value=False),
    },
    "PullRequest": {
        **_THREAD_OF_TALK,
        "permalink": _key("url"),
        "checksResourcePath": _path_with("/checks"),
        "checksUrl": _suffixed("url", "/checks"),
        "revertResourcePath": _path_with("/revert"),
        "revertUrl": _suffixed("url", "/revert"),
        "isInMergeQueue": _always(value=False),
        "isMergeQueueEnabled": _always(value=False),
    },
    "Commit": {
        **_LINKED,
        "changedFiles": _changed_files,
        "commitResourcePath": _path,
        "commitUrl": _key("url"),
        "tarballUrl": _archive("tar.gz"),
        "zipballUrl": _archive("zip"),
        "treeUrl": _tree(WEB),
        "treeResourcePath": _tree(""),
    },
    "Repository": {
        **_LINKED,
        "isInOrganization": _in_organization,
        "openGraphImageUrl": _open_graph,
        "autoMergeAllowed": _always(value=False),
        "deleteBranchOnMerge": _always(value=False),
        "isBlankIssuesEnabled": _always(value=True),
        "usesCustomOpenGraphImage": _always(value=False),
        "viewerCanAdminister": _always(value=False),
        "viewerHasStarred": _always(value=False),
        "viewerPermission": _always("READ"),
    },
    "ClosedEvent": _LINKED,
    "MergedEvent": _LINKED,
}

LEAVES: Final[Mapping[str, Mapping[str, Resolver]]] = MappingProxyType(_RAW)
