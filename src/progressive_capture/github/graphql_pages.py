"""Whole GraphQL answers into records and readings: what each page holds, where it goes on, and what is broken in it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from progressive_capture.domain.kinds import FILES_CAP, Kind, Proof
from progressive_capture.domain.records import IndexRow, Reading, Records, Target, ThreadTotalRow
from progressive_capture.github import graphql_pull_request, graphql_rows
from progressive_capture.github.documents import CONNECTION, flat_kinds
from progressive_capture.github.graphql_data import FurtherPage, HydrateData, ThreadComments
from progressive_capture.github.nodes import (
    Connection,
    Connections,
    IndexNode,
    PageInfo,
    ReviewComment,
)
from progressive_capture.github.outcomes import QueryError
from progressive_capture.github.people import People
from progressive_capture.github.results import Failed, FailedLookUp, LookUp
from progressive_capture.github.withheld import Steps, note_below, note_pull_request

ATTRIBUTE: Final[dict[Kind, str]] = {
    kind: {"reviewThreads": "review_threads", "reviewRequests": "review_requests"}.get(
        connection.field, connection.field
    )
    for kind, connection in CONNECTION.items()
    if kind is not Kind.REVIEW_COMMENTS
}
KIND_OF_FIELD: Final = {CONNECTION[kind].field: kind for kind in ATTRIBUTE}

FORBIDDEN: Final = "FORBIDDEN"
NOT_FOUND: Final = "NOT_FOUND"

INDEX: Final = (Kind.LABELS, Kind.ASSIGNEES, Kind.REQUESTED_REVIEWERS)


class Damage:
    """Where in an answer errors stand, by the path of what they hang below.

    A FORBIDDEN leaf is no damage: it is a field that this token may not see, whose null says nothing of what stands
    there (`withheld`); a forbidden node is null anyway.
    """

    def __init__(self, errors: Iterable[QueryError]) -> None:
        """Sort the errors by path."""
        self._errors = [error for error in errors if error.path]

    def of(self, *path: str | int) -> QueryError | None:
        """The first error exactly there."""
        return next((error for error in self._errors if error.path == path), None)

    def forbidden(self, *path: str | int) -> list[Steps]:
        """Places of FORBIDDEN errors further down, counted from there."""
        if not self._errors:
            return []
        depth = len(path)
        forbidden = [error.path for error in self._errors if error.type == FORBIDDEN]
        return [place[depth:] for place in forbidden if place[:depth] == path]

    def below(self, *path: str | int) -> list[QueryError]:
        """Errors there or further down, less the harmless."""
        if not self._errors:
            return []
        depth = len(path)
        return [error for error in self._errors if error.path[:depth] == path and error.type != FORBIDDEN]


def read_connection(
    kind: Kind,
    pull_request: int,
    node_id: str,
    connection: Connection[Any] | None,
    add: Callable[[Sequence[Any]], tuple[int, bool]],
    *,
    damaged: bool,
    first: int = 0,
    asked_after: str | None = None,
) -> Reading:
    """Add one page's rows and tell what it said; null where a connection was asked for is a broken one."""
    if connection is None or connection.nodes is None:
        total = None if connection is None else connection.total_count
        return Reading(pull_request, kind, node_id, total, 0, None, Proof.TOTAL, broken=True)
    seen, hole = add(connection.nodes)
    cursor = _next(connection.page_info, asked_after)
    lost = connection.page_info.has_next_page and cursor is None
    if cursor is not None and kind is Kind.COMMITS:
        cursor = f"{first + len(connection.nodes)}|{cursor}"
    broken = damaged or hole or lost
    return Reading(pull_request, kind, node_id, connection.total_count, seen, cursor, Proof.TOTAL, broken)


def split_cursor(lookup: LookUp) -> tuple[int, str | None]:
    """The place at which a page begins, and GitHub's cursor: only commits need their place, so only theirs tell it."""
    if lookup.kind is not Kind.COMMITS or lookup.cursor is None:
        return 0, lookup.cursor
    place, _, cursor = lookup.cursor.partition("|")
    return int(place), cursor


def _next(page: PageInfo, asked_after: str | None) -> str | None:
    """The next page's cursor; a list that does not move on is never followed."""
    return page.end_cursor if page.has_next_page and page.end_cursor and page.end_cursor != asked_after else None


def _capped(reading: Reading, changed_files: int | None) -> Reading:
    """GitHub ends the list of files, and its totalCount, at its cap; the pull request's own count is the true one."""
    if reading.kind is not Kind.FILES or changed_files is None or changed_files <= FILES_CAP:
        return reading
    return reading._replace(total=changed_files, truncated=True)


def _connection(node: Connections, kind: Kind) -> Connection[Any] | None:
    value = getattr(node, ATTRIBUTE[kind])
    return None if value is msgspec.UNSET else value


def _nodes(connection: Connection[Any] | None) -> Sequence[Any]:
    return () if connection is None else connection.nodes or ()


class Hydrated:
    """Pull requests with their first pages."""

    def __init__(
        self, data: HydrateData, targets: Sequence[Target], kinds: Iterable[Kind], errors: Iterable[QueryError]
    ) -> None:
        """Take an answer apart. Nodes are met by their numeric ids: their order is not relied on."""
        self.records = Records()
        self.readings: list[Reading] = []
        self.failed: list[Failed] = []
        self._people = People()
        self._damage = Damage(errors)
        self._kinds = flat_kinds(kinds)
        found = {int(node.full_database_id): node for node in data.nodes if node and node.full_database_id is not None}
        for position, target in enumerate(targets):
            node = found.get(target.pull_request_id)
            why = self._unusable(position)
            if node is None or why is not None:
                self._fail(target, position, why)
                continue
            graphql_pull_request.pull_request_row(self.records, self._people, node, target.pull_request_id)
            note_pull_request(self.records, target.pull_request_id, self._damage.forbidden("nodes", position))
            if node.milestone is not None:
                graphql_pull_request.milestone_row(self.records, node.milestone)
            for kind in self._kinds:
                self._read(kind, target, position, node)
        self.records.contributors = self._people.rows()

    def _read(self, kind: Kind, target: Target, position: int, node: Any) -> None:  # noqa: ANN401 - a PullRequest
        number = target.pull_request_id
        add = graphql_rows.rows_of(kind, self.records, self._people, number, 0)
        place = ("nodes", position, CONNECTION[kind].field)
        connection, damaged = _connection(node, kind), bool(self._damage.below(*place))
        reading = read_connection(kind, number, target.node_id, connection, add, damaged=damaged)
        note_below(self.records, kind, number, _nodes(connection), self._damage.forbidden(*place))
        self.readings.append(_capped(reading, node.changed_files))

    def _unusable(self, position: int) -> str | None:
        """An error in a field of the pull request itself: null there would be stored for what is not known."""
        for error in self._damage.below("nodes", position):
            _, _, *field = error.path
            if field and field[0] not in KIND_OF_FIELD:
                return error.message
        return None

    def _fail(self, target: Target, position: int, why: str | None) -> None:
        error = self._damage.of("nodes", position)
        permanent = error is not None and error.type == NOT_FOUND
        reason = why or (error.message if error else "GitHub left it out of its answer.")
        self.failed.append(Failed(target, reason, permanent))


class Indexed:
    """Pull requests as the list has them."""

    def __init__(self, errors: Iterable[QueryError]) -> None:
        """Begin with none."""
        self.records = Records()
        self.readings: list[Reading] = []
        self._people = People()
        self._damage = Damage(errors)

    def add(self, node: IndexNode, *path: str | int) -> None:
        """Take in one of them, whose place in the answer is `path`; it must have its numeric id."""
        assert node.full_database_id is not None, "checked before"
        number = int(node.full_database_id)
        self.records.index.append(IndexRow(node.number, number, node.id, node.state, node.created_at, node.updated_at))
        connections: tuple[Connection[Any] | None, ...] = (node.labels, node.assignees, node.review_requests)
        for kind, connection in zip(INDEX, connections, strict=True):
            add = graphql_rows.rows_of(kind, self.records, self._people, number, 0)
            damaged = bool(self._damage.below(*path, CONNECTION[kind].field))
            self.readings.append(read_connection(kind, number, node.id, connection, add, damaged=damaged))

    def finish(self) -> Records:
        """The records with everybody met."""
        self.records.contributors = self._people.rows()
        return self.records


class Followed:
    """Further pages and comments of threads."""

    def __init__(self, errors: Iterable[QueryError]) -> None:
        """Begin with none."""
        self.records = Records()
        self.readings: list[Reading] = []
        self.failed: list[FailedLookUp] = []
        self._people = People()
        self._damage = Damage(errors)

    def add_threads(self, alias: str, lookups: Sequence[LookUp], nodes: Iterable[ThreadComments | None] | None) -> None:
        """Take in the first comments of a list of threads."""
        found = {node.id: node for node in nodes or () if node is not None}
        for position, lookup in enumerate(lookups):
            node = found.get(lookup.node_id)
            if node is None:
                self._fail(lookup, alias, position)
                continue
            damaged = bool(self._damage.below(alias, position))
            self._comments(lookup, node.comments, damaged, self._damage.forbidden(alias, position, "comments"))

    def add_further(self, alias: str, lookup: LookUp, node: FurtherPage | None) -> None:
        """Take in one further page."""
        if node is None or not node.id:
            self._fail(lookup, alias)
            return
        damaged = bool(self._damage.below(alias))
        if lookup.kind is Kind.REVIEW_COMMENTS:
            comments = None if node.review_comments is msgspec.UNSET else node.review_comments
            self._comments(lookup, comments, damaged, self._damage.forbidden(alias, "reviewComments"))
            return
        first, cursor = split_cursor(lookup)
        add = graphql_rows.rows_of(lookup.kind, self.records, self._people, lookup.pull_request_id, first)
        connection = _connection(node, lookup.kind)
        reading = read_connection(
            *(lookup.kind, lookup.pull_request_id, lookup.node_id, connection, add),
            damaged=damaged,
            first=first,
            asked_after=cursor,
        )
        forbidden = self._damage.forbidden(alias, CONNECTION[lookup.kind].field)
        note_below(self.records, lookup.kind, lookup.pull_request_id, _nodes(connection), forbidden)
        self.readings.append(_capped(reading, node.changed_files))

    def finish(self) -> Records:
        """The records with everybody met."""
        self.records.contributors = self._people.rows()
        return self.records

    def _comments(
        self,
        lookup: LookUp,
        connection: Connection[ReviewComment] | None,
        damaged: bool,  # noqa: FBT001 - private
        forbidden: Iterable[Steps],
    ) -> None:
        def add(nodes: Sequence[Any]) -> tuple[int, bool]:
            return graphql_rows.review_comments(
                self.records, self._people, lookup.pull_request_id, lookup.node_id, nodes
            )

        self.readings.append(
            read_connection(
                *(Kind.REVIEW_COMMENTS, lookup.pull_request_id, lookup.node_id, connection, add),
                damaged=damaged,
                asked_after=lookup.cursor,
            )
        )
        note_below(self.records, Kind.REVIEW_COMMENTS, lookup.pull_request_id, _nodes(connection), forbidden)
        if connection is not None:
            self.records.thread_totals.append(ThreadTotalRow(lookup.node_id, connection.total_count))

    def _fail(self, lookup: LookUp, *path: str | int) -> None:
        error = self._damage.of(*path)
        permanent = error is not None and error.type == NOT_FOUND
        self.failed.append(FailedLookUp(lookup, error.message if error else "GitHub left it out.", permanent))
