"""The faults file as rules: what a rule matches and what it does, checked strictly; never applies one.

The format is described in docs/reference/sandbox-faults.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from github_sandbox.config_file import ConfigError, Table
from github_sandbox.refusals import FORMS

if TYPE_CHECKING:
    from github_sandbox.http.encoding import Json

LOWEST_STATUS, HIGHEST_STATUS = 200, 599
Served: TypeAlias = Mapping[str, frozenset[str]]
"""The templates of the routes that a rule may name, each with its methods."""
_NAME = re.compile(r"[_A-Za-z]\w*", re.ASCII)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_TEXT = re.compile(r"(?:[!-~]+(?:[ \t]+[!-~]+)*)?")


@dataclass(frozen=True, slots=True)
class Turns:
    """Which of the matching requests are meant, counted from 1: those listed, or each n-th of a span."""

    listed: tuple[int, ...] = ()
    every: int | None = None
    first: int = 1
    last: int | None = None

    def holds(self, turn: int) -> bool:
        """Tell whether the `turn`-th matching request is meant."""
        if self.listed:
            return turn in self.listed
        within = self.first <= turn and (self.last is None or turn <= self.last)
        return within and (self.every is None or turn % self.every == 0)


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a rule is for; what is None or absent matches everything."""

    operation: str | None
    method: str | None
    route: str | None
    token: str | None
    turns: Turns
    probability: float


@dataclass(frozen=True, slots=True)
class NullNodes:
    """Members of a `nodes` list to blank out, each with an error on its path; `path` empty: the first such list."""

    path: tuple[str, ...]
    every: int
    type: str
    message: str


@dataclass(frozen=True, slots=True)
class PathError:
    """An error to report, with what stands at its path made null."""

    path: tuple[str | int, ...]
    type: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to a matched request; the fields are the keys of the file."""

    status: int | None
    headers: dict[str, str]
    body: Any
    delay_ms: float
    disconnect: str | None
    truncate: float | None
    html: bool
    null_nodes: NullNodes | None
    errors: tuple[PathError, ...]
    page: str | None
    expire_cursor: bool
    expire_token: bool
    date_offset_s: float
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the file."""

    name: str
    match: Match
    effect: Effect


def parse_rules(table: Table, served: Served) -> tuple[Rule, ...]:
    """Read the rules of a faults file; raise ConfigError for any key or value that it may not have."""
    rules = []
    for number, row in enumerate(table.tables("faults")):
        name = row.take("name", str) or f"fault {number}"
        match = _match(Table(f"{row.where}.match", row.take("match", dict) or {}), served)
        effect = _effect(Table(f"{row.where}.effect", row.need("effect", dict)))
        row.done()
        rules.append(Rule(name, match, effect))
    table.done()
    return tuple(rules)


def _match(row: Table, served: Served) -> Match:
    method, route = _route(row, served)
    probability = row.number("probability")
    if probability is not None and probability > 1:
        raise ConfigError(f"{row.where}: probability must be between 0 and 1")
    operation = row.text("operation")
    if operation is not None and not _NAME.fullmatch(operation):
        raise ConfigError(f"{row.where}: operation must be the name of a GraphQL operation, not {operation!r}")
    made = Match(
        operation=operation,
        method=method,
        route=route,
        token=row.text("token"),
        turns=_turns(row),
        probability=1.0 if probability is None else probability,
    )
    row.done()
    return made


def _route(row: Table, served: Served) -> tuple[str | None, str | None]:
    text = row.text("route")
    if text is None:
        return None, None
    first, _, rest = text.partition(" ")
    method, template = (first.upper(), rest) if rest else (None, first)
    if template not in served:
        raise ConfigError(f"{row.where}: no route {template!r} is served; write it as GitHub's documentation does")
    if method is not None and method not in served[template]:
        raise ConfigError(f"{row.where}: {template} is served for {', '.join(sorted(served[template]))}, not {method}")
    return method, template


def _turns(row: Table) -> Turns:
    value: Json = row.take("nth", (int, list, dict))
    if value is None:
        return Turns()
    if isinstance(value, dict):
        span = Table(f"{row.where}.nth", value)
        every, first, last = (span.take(key, int) for key in ("every", "from", "to"))
        span.done()
        if every is not None and every < 1:
            raise ConfigError(f"{span.where}: every must be 1 or more")
        first = 1 if first is None else first
        if first < 1:
            raise ConfigError(f"{span.where}: from must be 1 or more")
        if last is not None and last < first:
            raise ConfigError(f"{span.where}: to must not be below from")
        return Turns((), every, first, last)
    listed = [value] if isinstance(value, int) else value
    if not listed or not all(type(one) is int and one > 0 for one in listed):
        raise ConfigError(f"{row.where}: nth counts from 1: a number, a list of numbers, or every/from/to")
    return Turns(tuple(listed))


def _effect(row: Table) -> Effect:
    made = Effect(
        status=_status(row),
        headers=_headers(row),
        body=row.take("body", (str, dict, list)),
        delay_ms=row.number("delay_ms") or 0.0,
        disconnect=_choice(row, "disconnect", ("before", "within")),
        truncate=_share(row, "truncate"),
        html=row.take("html", bool) or False,
        null_nodes=_null_nodes(row),
        errors=tuple(_path_error(one) for one in row.tables("errors")),
        page=_choice(row, "page", ("duplicate", "reorder")),
        expire_cursor=row.take("expire_cursor", bool) or False,
        expire_token=row.take("expire_token", bool) or False,
        date_offset_s=row.finite("date_offset_s") or 0.0,
        refusal=_choice(row, "refusal", tuple(FORMS)),
    )
    row.done()
    return made


def _status(row: Table) -> int | None:
    status = row.take("status", int)
    if status is not None and not LOWEST_STATUS <= status <= HIGHEST_STATUS:
        raise ConfigError(f"{row.where}: status must be between {LOWEST_STATUS} and {HIGHEST_STATUS}")
    return status


def _headers(row: Table) -> dict[str, str]:
    headers = row.take("headers", dict) or {}
    for name, value in headers.items():
        if not (_HEADER_NAME.fullmatch(name) and isinstance(value, str) and _HEADER_TEXT.fullmatch(value)):
            raise ConfigError(f"{row.where}: headers must be names with texts in one line of ASCII, not {name!r}")
    return {name.lower(): value for name, value in headers.items()}


def _choice(row: Table, key: str, choices: tuple[str, ...]) -> str | None:
    value = row.take(key, str)
    if value is not None and value not in choices:
        raise ConfigError(f"{row.where}: {key} must be one of {', '.join(choices)}")
    return value


def _share(row: Table, key: str) -> float | None:
    value = row.number(key)
    if value is not None and value >= 1:
        raise ConfigError(f"{row.where}: {key} is the share of the body that is left, below 1")
    return value


def _null_nodes(row: Table) -> NullNodes | None:
    value = row.take("null_nodes", dict)
    if value is None:
        return None
    part = Table(f"{row.where}.null_nodes", value)
    every = part.take("every", int)
    made = NullNodes(
        tuple(part.texts("path")),
        1 if every is None else every,
        part.take("type", str) or "RESOURCE_LIMITS_EXCEEDED",
        part.take("message", str) or "Resource limits for this query exceeded.",
    )
    part.done()
    if made.every < 1:
        raise ConfigError(f"{part.where}: every must be 1 or more")
    return made


def _path_error(row: Table) -> PathError:
    path = row.take("path", list) or []
    if not path or not all(isinstance(step, (str, int)) for step in path):
        raise ConfigError(f"{row.where}: path must be a list of field names and positions")
    made = PathError(
        tuple(path),
        row.take("type", str),
        row.take("message", str) or "Something went wrong while executing your query.",
    )
    row.done()
    return made
