"""The ways in: repositories, people and nodes by name, number or id, and the budget; here is decided who sees what."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from github_sandbox.graphql.errors import FieldError, node_not_found, not_found
from github_sandbox.graphql.execution import Arguments, Execution, Resolver
from github_sandbox.graphql.leaves import WEB
from github_sandbox.model import Record, Repository, connection, node_id, repository_of

NODE_LIMIT: Final = 100
_OID: Final = re.compile(r"[0-9a-f]{40}")


def _repository(_root: Any, args: Arguments, execution: Execution) -> Record:  # noqa: ANN401 - Query has no source
    owner, name = args["owner"], args["name"]
    found = execution.world.find(owner, name)
    follows = found is not None and (args["followRenames"] or not found.redirected)
    if found is None or not follows or not execution.sees(found.repository):
        raise FieldError(f"Could not resolve to a Repository with the name '{owner}/{name}'.", "NOT_FOUND")
    return _readable(found.repository)


def _readable(repository: Repository) -> Record:
    if repository.access == "blocked":
        raise FieldError("Repository access blocked", "FORBIDDEN")
    return repository.record


def _find_node(node: str, execution: Execution) -> Record | None:
    record = execution.world.node(node)
    if record is None:
        return _asker_record(execution) if node == _asker_id(execution) else None
    visible_to = record.get("_visibleTo")
    if visible_to is not None and visible_to != execution.viewer:
        return None
    repository = repository_of(record)
    hidden = repository is not None and (not execution.sees(repository) or repository.access == "blocked")
    return None if hidden else record


def _node(_root: Any, args: Arguments, execution: Execution) -> Record:  # noqa: ANN401 - as above
    found = _find_node(args["id"], execution)
    if found is None:
        raise node_not_found(args["id"])
    return found


def _nodes(_root: Any, args: Arguments, execution: Execution) -> list[Record | FieldError]:  # noqa: ANN401 - as above
    ids = args["ids"]
    if len(ids) > NODE_LIMIT:
        message = f"You may not provide more than {NODE_LIMIT} node ids; you provided {len(ids)}."
        raise FieldError(message, "ARGUMENT_LIMIT")
    return [_find_node(each, execution) or node_not_found(each) for each in ids]


def _person(kind: str) -> Resolver:
    """Look up an account of one kind by its present login; former logins lead nowhere."""

    def person(_root: Any, args: Arguments, execution: Execution) -> Record:  # noqa: ANN401 - as above
        found = execution.world.actor(args["login"])
        if found is not None and found["__typename"] == kind:
            return found
        if kind == "User" and args["login"] == execution.viewer:
            return _asker_record(execution)
        raise not_found(kind, "login of", f"'{args['login']}'")

    return person


def _repository_owner(_root: Any, args: Arguments, execution: Execution) -> Record | None:  # noqa: ANN401 - as above
    found = execution.world.actor(args["login"])
    return found if found is not None and found["__typename"] in {"User", "Organization"} else None


def _viewer(_root: Any, _args: Arguments, execution: Execution) -> Record:  # noqa: ANN401 - as above
    return _asker_record(execution)


def _asker_id(execution: Execution) -> str:
    return node_id("User", execution.asker.database_id)


def _asker_record(execution: Execution) -> Record:
    """Give the asker's account; one whose token no account stands behind gets a plain one."""
    known = execution.world.actor(execution.viewer)
    if known is not None:
        return known
    login, number = execution.viewer, execution.asker.database_id
    return {
        "__typename": "User",
        "id": _asker_id(execution),
        "databaseId": number,
        "login": login,
        "url": f"{WEB}/{login}",
        "avatarUrl": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "createdAt": "2020-01-01T00:00:00Z",
        "updatedAt": "2020-01-01T00:00:00Z",
    }


def _rate_limit(_root: Any, _args: Arguments, execution: Execution) -> Record:  # noqa: ANN401 - as above
    rate = execution.rate
    return {
        "__typename": "RateLimit",
        "cost": execution.cost,
        "nodeCount": execution.node_count,
        "limit": rate.limit,
        "remaining": rate.remaining,
        "used": rate.used,
        "resetAt": rate.reset_at,
    }


def _resource(_root: Any, args: Arguments, execution: Execution) -> Record | None:  # noqa: ANN401 - as above
    """Find what has this address on the web site: an account, a repository, a pull request or an issue."""
    match args["url"].removeprefix(WEB).strip("/").split("/"):
        case [login] if login:
            return execution.world.actor(login)
        case [owner, name]:
            return _visible(execution, owner, name)
        case [owner, name, "pull" | "issues", number] if number.isdecimal():
            found = _visible(execution, owner, name)
            return None if found is None else _either(found["_repository"], int(number))
        case _:
            return None


def _visible(execution: Execution, owner: str, name: str) -> Record | None:
    found = execution.world.repository(owner, name)
    return found.record if found is not None and execution.sees(found) and found.access != "blocked" else None


def _either(repository: Repository, number: int) -> Record | None:
    pull = repository.pulls.by_number(number)
    return repository.issue(number) if pull is None else pull.record


def _pull_request(record: Record, args: Arguments, _execution: Execution) -> Record:
    repository: Repository = record["_repository"]
    pull = repository.pulls.by_number(args["number"])
    if pull is None:
        raise not_found("PullRequest", "number of", args["number"])
    return pull.record


def _issue(record: Record, args: Arguments, _execution: Execution) -> Record:
    repository: Repository = record["_repository"]
    issue = repository.issue(args["number"])
    if issue is None:
        raise not_found("Issue", "number of", args["number"])
    return issue


def _issue_or_pull_request(record: Record, args: Arguments, _execution: Execution) -> Record:
    found = _either(record["_repository"], args["number"])
    if found is None:
        raise not_found("issue or pull request", "number of", args["number"])
    return found


def _label(record: Record, args: Arguments, _execution: Execution) -> Record | None:
    repository: Repository = record["_repository"]
    return repository.label(args["name"])


def _milestone(record: Record, args: Arguments, _execution: Execution) -> Record | None:
    milestones = connection(record, "milestones")
    return next((each for each in milestones if each["number"] == args["number"]), None)


def _object(record: Record, args: Arguments, _execution: Execution) -> Record | None:
    """Find a commit by its full id; the world keeps no trees and no branch heads of its own."""
    repository: Repository = record["_repository"]
    oid = args.get("oid") or args.get("expression") or ""
    return repository.commit(oid) if _OID.fullmatch(oid) else None


def _owned_repository(record: Record, args: Arguments, execution: Execution) -> Record | None:
    return _visible(execution, record["login"], args["name"])


_RAW: Final[dict[str, Mapping[str, Resolver]]] = {
    "Query": {
        "node": _node,
        "nodes": _nodes,
        "organization": _person("Organization"),
        "rateLimit": _rate_limit,
        "repository": _repository,
        "repositoryOwner": _repository_owner,
        "resource": _resource,
        "user": _person("User"),
        "viewer": _viewer,
    },
    "Repository": {
        "issue": _issue,
        "issueOrPullRequest": _issue_or_pull_request,
        "label": _label,
        "milestone": _milestone,
        "object": _object,
        "pullRequest": _pull_request,
    },
    "User": {"repository": _owned_repository},
    "Organization": {"repository": _owned_repository},
}

ROOT: Final[Mapping[str, Mapping[str, Resolver]]] = MappingProxyType(_RAW)
