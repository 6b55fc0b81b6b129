"""Deciding which fault meets which request, and bending answers accordingly; never reads a file or a clock."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from github_sandbox.graphql.pages import CURSOR_PREFIX
from github_sandbox.http.answers import graphql_errors, html_page, json_answer, message
from github_sandbox.http.encoding import Json, dumps, loads
from github_sandbox.http.messages import Response
from github_sandbox.refusals import FORMS, Context
from github_sandbox.world.stable import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from github_sandbox.faults_file import Effect, Match, NullNodes, PathError, Rule

SPAN = 2**64
HTML_STATUS = 502
FIRST_ERROR_STATUS = 400
_CURSOR_NAME = re.compile(r"after|before|cursor", re.IGNORECASE)
_CURSOR = re.compile(CURSOR_PREFIX + r"[A-Za-z0-9+/]*={0,2}")
_PAGE_PARAMETERS = frozenset(("page", "after", "before"))
_Walk: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule can look at: the method and route template, the GraphQL operation's name, the token, the cursor.

    `target` (path and query) and `variables` tell one walk through pages from another.
    """

    method: str
    route: str
    operation: str | None
    token: str
    cursor: str | None = None
    target: str = ""
    variables: Json = None


def is_cursor(name: str, value: object) -> bool:
    """Tell whether a GraphQL variable holds a cursor: by its name, or because the value is one of our own."""
    if not isinstance(value, str):
        return False
    return _CURSOR_NAME.search(name) is not None or _CURSOR.fullmatch(value) is not None


def cursor_in(query: str) -> str | None:
    """Give the first cursor of our own that is written into a query's text."""
    found = _CURSOR.search(query)
    return None if found is None else found[0]


class Faults:
    """The rules in force; each counts the requests that it matches, so that the n-th is the same in every run."""

    def __init__(self, rules: tuple[Rule, ...], seed: int) -> None:
        """Apply `rules`, the first that holds for a request; `seed` decides by probability."""
        self._rules = rules
        self._seed = seed
        self._turns: Counter[int] = Counter()
        self._last: dict[_Walk, Response] = {}

    def choose(self, asked: Asked) -> Rule | None:
        """Give the first rule that holds for this request."""
        chosen: Rule | None = None
        for number, rule in enumerate(self._rules):
            if not _concerns(rule.match, asked):
                continue
            self._turns[number] += 1
            turn = self._turns[number]
            lucky = number_of(self._seed, rule.name, number, turn) / SPAN < rule.match.probability
            if chosen is None and rule.match.turns.holds(turn) and lucky:
                chosen = rule
        return chosen

    def bend(self, effect: Effect, asked: Asked, answer: Response) -> Response:
        """Apply what an effect does to a finished answer's body and status."""
        if effect.page == "duplicate":
            answer = _copy(self._last.get(_walk(asked), answer))
        if effect.page == "reorder" or effect.null_nodes or effect.errors:
            answer.body = dumps(_bent(effect, loads(answer.body)))
        if effect.status is not None:
            answer.status = effect.status
        if effect.body is not None:
            answer.body = effect.body.encode() if isinstance(effect.body, str) else dumps(effect.body)
        return answer

    def remember(self, asked: Asked, answer: Response) -> None:
        """Keep the last good page of each walk, for a rule that serves a page twice."""
        if any(rule.effect.page == "duplicate" for rule in self._rules):
            self._last[_walk(asked)] = _copy(answer)


def _copy(answer: Response) -> Response:
    """Copy what is kept or given again: answers are dressed and bent in place on their way out."""
    return Response(answer.status, dict(answer.headers), answer.body)


def _walk(asked: Asked) -> _Walk:
    """Name the list that a request pages through: all that it asks, less the page."""
    path, _, query = asked.target.partition("?")
    pairs = sorted(pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _PAGE_PARAMETERS)
    variables = asked.variables if isinstance(asked.variables, dict) else {}
    fixed = tuple(sorted((name, dumps(value)) for name, value in variables.items() if not _tells_page(name, value)))
    return (asked.route, asked.operation, asked.token, path, tuple(pairs), fixed)


def _tells_page(name: str, value: object) -> bool:
    """Tell whether a variable may differ from page to page of a walk: a cursor, or the null before the first one."""
    return value is None or is_cursor(name, value)


def instead(effect: Effect, asked: Asked, context: Context) -> Response | None:
    """Give the answer that takes the place of the real one, so that nothing is executed or charged; None: no such."""
    if effect.disconnect == "before":
        return Response(drop=True)
    if effect.expire_token or effect.refusal is not None:
        return FORMS[effect.refusal](context) if effect.refusal else message(401, "Bad credentials")
    if effect.html:
        return html_page(effect.status or HTML_STATUS)
    if effect.expire_cursor and asked.cursor is not None:
        text = f"`{asked.cursor}` does not appear to be a valid cursor."
        return graphql_errors([{"type": "INVALID_CURSOR_ARGUMENTS", "message": text}])
    if effect.status is not None and effect.status >= FIRST_ERROR_STATUS:
        return message(effect.status, "Server Error") if effect.body is None else _given(effect)
    return None


def seal(effect: Effect, answer: Response) -> Response:
    """Apply what an effect does to an answer on the wire: headers, a body cut short, a broken connection."""
    answer.headers.update(effect.headers)
    if effect.truncate is not None:
        answer.headers.pop("content-encoding", None)
        answer.body = answer.body[: int(len(answer.body) * effect.truncate)]
    if effect.disconnect == "within":
        answer.cut = len(answer.body) // 2
    return answer


def _given(effect: Effect) -> Response:
    if isinstance(effect.body, str):
        return Response(effect.status or 200, {"content-type": "text/plain; charset=utf-8"}, effect.body.encode())
    return json_answer(effect.body, effect.status or 200)


def _concerns(match: Match, asked: Asked) -> bool:
    return (
        match.operation in {None, asked.operation}
        and match.route in {None, asked.route}
        and match.method in {None, asked.method}
        and match.token in {None, asked.token}
    )


def _bent(effect: Effect, body: Json) -> Json:
    if effect.page == "reorder":
        _reorder(body)
    if isinstance(body, dict):
        if effect.null_nodes is not None:
            _blank(effect.null_nodes, body)
        for error in effect.errors:
            _break(error, body)
    return body


def _reorder(body: Json) -> None:
    if isinstance(body, list):
        body.reverse()
        return
    for _, nodes in _node_lists(body, ()):
        nodes.reverse()
        return


def _blank(wanted: NullNodes, body: dict[str, Any]) -> None:
    for path, nodes in _node_lists(body.get("data"), ()):
        names = tuple(step for step in path if isinstance(step, str))
        if wanted.path and names != wanted.path:
            continue
        errors = body.setdefault("errors", [])
        for position in range(wanted.every - 1, len(nodes), wanted.every):
            nodes[position] = None
            errors.append({"type": wanted.type, "path": [*path, position], "message": wanted.message})
        if not wanted.path:
            return


def _break(error: PathError, body: dict[str, Any]) -> None:
    holder: Any = body.get("data")
    for step in error.path[:-1]:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return
    last: Any = error.path[-1]
    here = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
    if last in here:
        holder[last] = None
        kind = {} if error.type is None else {"type": error.type}
        body.setdefault("errors", []).append({**kind, "path": list(error.path), "message": error.message})


def _node_lists(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], list[Any]]]:
    if isinstance(value, list):
        for position, member in enumerate(value):
            yield from _node_lists(member, (*path, position))
    elif isinstance(value, dict):
        for key, member in value.items():
            if key == "nodes" and isinstance(member, list):
                yield (*path, key), member
            yield from _node_lists(member, (*path, key))
