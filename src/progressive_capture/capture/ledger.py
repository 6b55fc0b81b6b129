"""What hydrated pull requests are still owed, and which of their kinds an answer closes; state in memory, no I/O."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from progressive_capture.capture.checkpoint import Again, Checkpoint, Detail, Pending
from progressive_capture.capture.owed import begun, comments_of, failed_detail, failed_pending, left_by, next_page
from progressive_capture.domain.kinds import FILES_CAP, Kind, Proof, Source
from progressive_capture.domain.records import UNAVAILABLE, CompletenessRow, Reading, Records, Target
from progressive_capture.github.results import HydratePage

FAILURES: Final = 2
"""A look-up that failed this often leaves its kind broken for this reading."""

MOVED: Final = frozenset({"renamed", "copied"})
"""Statuses of files that have a previous path, which only REST tells."""

_LACKING: Final = frozenset(kind for kind in Kind if f"pr_{kind}" in UNAVAILABLE[Source.REST])
"""Kinds of which REST does not give every column."""

_NEVER: Final = Again(0, 0)
"""What stands for a pull request that was not read before in this shard; its number is not asked for."""


class Closing(NamedTuple):
    """A kind of a pull request whose list has been read to its end."""

    pull_request_id: int
    number: int
    kind: Kind
    generation: str
    expected: int | None
    seen: int | None
    """How many were read, when one answer held them all; None when the rows must be counted."""
    proof: Proof
    broken: bool
    truncated: bool
    tries: int
    reads: int
    lacks_columns: bool = False
    """Whether the rows came by an API that does not give all that the other one does."""


@dataclass(slots=True)
class Absorbed:
    """What one answer leads to."""

    closings: list[Closing] = field(default_factory=list)
    pending: list[CompletenessRow] = field(default_factory=list)
    """Kinds whose reading has begun and not ended."""
    generations: dict[int, str] = field(default_factory=dict)
    """The generation of every pull request that the answer touches."""
    overtaken: dict[int, Again] = field(default_factory=dict)
    """How each that it told of is read once more, should somebody else have stored a newer reading of it."""


class _Page(NamedTuple):
    """The pull requests of one hydrated page, by id."""

    source: Source
    targets: dict[int, Target]
    generation: str
    attempts: dict[int, Again]
    moved: set[int]
    """Ids of pull requests with a renamed or copied file on this page."""
    changed_files: dict[int, int]

    def corrected(self, reading: Reading) -> Reading:
        """The reading with the pull request's own count of files, where GitHub's list ends before it."""
        changed = self.changed_files.get(reading.pull_request_id, 0)
        if reading.kind is not Kind.FILES or changed <= FILES_CAP:
            return reading
        return reading._replace(total=changed, truncated=True)

    def number(self, identifier: int) -> int:
        return self.targets[identifier].number

    def node(self, identifier: int) -> str:
        return self.targets[identifier].node_id

    def attempt(self, identifier: int) -> Again:
        return self.attempts.get(self.number(identifier), _NEVER) if self.attempts else _NEVER


@dataclass(slots=True)
class Ledger:
    """Look-ups owed, pull requests to read again, and how many answers each kind still waits for."""

    kinds: frozenset[Kind]
    details_wanted: bool
    """Whether REST may complete files: in `auto`, never where GraphQL alone is to be used."""
    patches: bool
    pending: list[Pending] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    broken: set[tuple[int, Kind]] = field(default_factory=set)
    renaming: set[int] = field(default_factory=set)
    open: Counter[tuple[int, Kind]] = field(default_factory=Counter)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Owe again what the checkpoint says was owed."""
        self.pending = list(checkpoint.pending)
        self.details = list(checkpoint.details)
        self.again = list(checkpoint.again)
        self.broken = set(checkpoint.broken)
        self.renaming = set(checkpoint.renaming)
        self._recount()

    def snapshot(self, done: int, again: Iterable[Again] = ()) -> Checkpoint:
        """Everything owed now, as a checkpoint of the first `done` pull requests of the shard's list."""
        return Checkpoint(
            done=done,
            pending=list(self.pending),
            details=list(self.details),
            again=[*self.again, *again],
            broken=sorted(self.broken),
            renaming=sorted(self.renaming),
        )

    def hydrated(self, targets: Sequence[Target], page: HydratePage, attempts: dict[int, Again]) -> Absorbed:
        """Take in a page of hydrated pull requests: what it closes, and what it leaves owed.

        `attempts` names, by number, what earlier readings of a pull request came to.
        """
        generation, records = page.requested_at, page.records
        absorbed = Absorbed(generations={target.pull_request_id: generation for target in targets})
        by_id = {target.pull_request_id: target for target in targets}
        if attempts:
            self._forget(by_id)
        context = _Page(page.source, by_id, generation, attempts, set(), {})
        absorbed.overtaken = {
            row.id: Again(row.number, context.attempt(row.id).tries + 1) for row in records.pull_requests
        }
        context.moved.update(row.pull_request_id for row in records.pr_files if row.status in MOVED)
        context.changed_files.update({row.id: row.changed_files for row in records.pull_requests})
        whole_comments = {each.pull_request_id for each in page.readings if each.kind is Kind.REVIEW_COMMENTS}
        for reading in page.readings:
            self._first_page(context, context.corrected(reading), absorbed)
        if Kind.REVIEW_COMMENTS in self.kinds:
            self._owe_thread_comments(context, records, absorbed, whole_comments)
        return absorbed

    def followed(self, batch: Sequence[Pending], records: Records, readings: Sequence[Reading]) -> Absorbed:
        """Take in the answer to a batch of look-ups; those without a reading in it have failed."""
        absorbed = _of_owed(batch)
        answers = {(reading.node_id, reading.kind): reading for reading in readings}
        threads: dict[int, list[str]] = {}
        for row in records.pr_review_threads:
            threads.setdefault(row.pull_request_id, []).append(row.node_id)
        asked = set(map(id, batch))
        self.pending = [owed for owed in self.pending if id(owed) not in asked]
        self.renaming.update(row.pull_request_id for row in records.pr_files if row.status in MOVED)
        for owed in batch:
            self.open[owed.pull_request_id, owed.kind] -= 1
            reading = answers.get((owed.node_id, owed.kind))
            if reading is None:
                self._failed(owed)
            else:
                self._paid(owed, reading, threads.get(owed.pull_request_id, ()))
        closed: set[int] = set()
        for owed in batch:
            reading = answers.get((owed.node_id, owed.kind))
            self._close_if_read(owed, reading.total if reading else None, absorbed)
            self._close_thread_comments(owed, absorbed, closed)
        return absorbed

    def replaced(self, owed: Pending, readings: Sequence[Reading]) -> Absorbed:
        """Take in the whole list of one kind of one pull request from REST, instead of all its look-ups owed."""
        absorbed = _of_owed([owed])
        key = (owed.pull_request_id, owed.kind)
        self.pending = left_by(owed, self.pending)
        self.open.pop(key, None)
        self.broken.discard(key)
        if owed.kind is Kind.REVIEW_COMMENTS and self._open_threads(owed.pull_request_id):
            self.broken.update(key for reading in readings if reading.broken)
            return absorbed
        for reading in readings:
            absorbed.closings.append(
                Closing(
                    *(owed.pull_request_id, owed.number, owed.kind, owed.generation),
                    expected=reading.total if owed.expected is None else owed.expected,
                    seen=None,
                    proof=reading.proof,
                    broken=reading.broken,
                    truncated=reading.truncated,
                    tries=owed.tries,
                    reads=owed.reads.get(owed.kind, 0),
                    lacks_columns=owed.kind in _LACKING,
                )
            )
        return absorbed

    def detailed(self, detail: Detail, *, failed: bool) -> Absorbed:
        """Take in the files that REST gave for a pull request, or its failure to."""
        absorbed = _of_owed([detail])
        self.details = [each for each in self.details if each is not detail]
        if failed and detail.failures + 1 < FAILURES:
            self.details.append(failed_detail(detail))
            return absorbed
        self.open[detail.pull_request_id, Kind.FILES] -= 1
        if failed:
            self._mark_broken(detail.pull_request_id, Kind.FILES)
        absorbed.closings.append(
            Closing(
                *(detail.pull_request_id, detail.number, Kind.FILES, detail.generation),
                expected=detail.expected,
                seen=None,
                proof=Proof.TOTAL,
                broken=self._was_broken(detail.pull_request_id, Kind.FILES),
                truncated=detail.truncated,
                tries=detail.tries,
                reads=detail.reads.get(Kind.FILES, 0),
            )
        )
        return absorbed

    def drop(self, superseded: Mapping[int, str]) -> None:
        """Owe nothing to readings, named by pull request and generation, that came after a newer one was stored."""
        if not superseded:
            return
        self.pending = [owed for owed in self.pending if superseded.get(owed.pull_request_id) != owed.generation]
        self.details = [owed for owed in self.details if superseded.get(owed.pull_request_id) != owed.generation]
        still = {owed.pull_request_id for owed in self.pending} | {owed.pull_request_id for owed in self.details}
        gone = superseded.keys() - still
        self.broken = {key for key in self.broken if key[0] not in gone}
        self.renaming -= gone
        self._recount()

    def _forget(self, pull_request_ids: Container[int]) -> None:
        """Owe nothing to earlier readings of pull requests that were read anew."""
        self.pending = [owed for owed in self.pending if owed.pull_request_id not in pull_request_ids]
        self.details = [owed for owed in self.details if owed.pull_request_id not in pull_request_ids]
        self.broken = {key for key in self.broken if key[0] not in pull_request_ids}
        self.renaming = {each for each in self.renaming if each not in pull_request_ids}
        self._recount()

    def _recount(self) -> None:
        self.open = Counter((owed.pull_request_id, owed.kind) for owed in self.pending)
        self.open.update((owed.pull_request_id, Kind.FILES) for owed in self.details)

    def _first_page(self, page: _Page, reading: Reading, absorbed: Absorbed) -> None:
        identifier, kind, expected = reading.pull_request_id, reading.kind, reading.total
        attempt = page.attempt(identifier)
        if reading.cursor is not None:
            if reading.broken:
                self._mark_broken(identifier, kind)
            if kind is Kind.FILES and identifier in page.moved:
                self.renaming.add(identifier)
            self._owe(
                Pending(
                    *(identifier, page.number(identifier), reading.node_id, kind, reading.cursor, page.generation),
                    expected=expected,
                    tries=attempt.tries,
                    reads=attempt.reads,
                )
            )
        elif kind is Kind.FILES and self._wants_detail(page, reading):
            if reading.broken:
                self._mark_broken(identifier, kind)
            self._owe_detail(
                Detail(
                    *(identifier, page.number(identifier), reading.node_id, page.generation, expected),
                    truncated=reading.truncated,
                    tries=attempt.tries,
                    reads=attempt.reads,
                )
            )
        else:
            if reading.broken and kind is Kind.REVIEW_THREADS and Kind.REVIEW_COMMENTS in self.kinds:
                self.broken.add((identifier, Kind.REVIEW_COMMENTS))
            absorbed.closings.append(
                Closing(
                    *(identifier, page.number(identifier), kind, page.generation, expected, reading.seen),
                    *(reading.proof, reading.broken, reading.truncated, attempt.tries, attempt.reads.get(kind, 0)),
                )
            )
            return
        absorbed.pending.append(begun(identifier, kind, expected, reading.seen))

    def _owe_thread_comments(self, page: _Page, records: Records, absorbed: Absorbed, whole_comments: set[int]) -> None:
        for thread in records.pr_review_threads:
            identifier = thread.pull_request_id
            attempt = page.attempt(identifier)
            self._owe(
                Pending(
                    *(identifier, page.number(identifier), thread.node_id, Kind.REVIEW_COMMENTS, None, page.generation),
                    tries=attempt.tries,
                    reads=attempt.reads,
                    owner_node_id=page.node(identifier),
                )
            )
        for row in records.pull_requests:
            if row.id in whole_comments:
                continue
            if self._open_threads(row.id):
                absorbed.pending.append(begun(row.id, Kind.REVIEW_COMMENTS, None, 0))
                continue
            attempt = page.attempt(row.id)
            absorbed.closings.append(
                Closing(
                    *(row.id, row.number, Kind.REVIEW_COMMENTS, page.generation, 0, 0, Proof.TOTAL),
                    *(
                        self._was_broken(row.id, Kind.REVIEW_COMMENTS),
                        False,
                        attempt.tries,
                        attempt.reads.get(Kind.REVIEW_COMMENTS, 0),
                    ),
                )
            )

    def _close_if_read(self, owed: Pending, total: int | None, absorbed: Absorbed) -> None:
        identifier, kind = owed.pull_request_id, owed.kind
        if self.open[identifier, kind] == 0 and kind is not Kind.REVIEW_COMMENTS:
            del self.open[identifier, kind]
            truncated = kind is Kind.FILES and (owed.expected or 0) > FILES_CAP
            expected = owed.expected if truncated or total is None else total
            if kind is Kind.FILES and self.details_wanted and (self.patches or identifier in self.renaming):
                self.renaming.discard(identifier)
                self._owe_detail(
                    Detail(
                        *(identifier, owed.number, owed.node_id, owed.generation, expected),
                        truncated=truncated,
                        tries=owed.tries,
                        reads=owed.reads,
                    )
                )
                return
            self.renaming.discard(identifier)
            absorbed.closings.append(self._counted(owed, kind, expected, truncated=truncated))

    def _close_thread_comments(self, owed: Pending, absorbed: Absorbed, closed: set[int]) -> None:
        """Close a pull request's review comments once no thread, and no comment of one, is owed any more."""
        identifier = owed.pull_request_id
        hangs_on_threads = owed.kind in {Kind.REVIEW_COMMENTS, Kind.REVIEW_THREADS}
        if not hangs_on_threads or Kind.REVIEW_COMMENTS not in self.kinds:
            return
        if identifier in closed or self._open_threads(identifier):
            return
        closed.add(identifier)
        self.open.pop((identifier, Kind.REVIEW_COMMENTS), None)
        absorbed.closings.append(self._counted(owed, Kind.REVIEW_COMMENTS, None, truncated=False))

    def _counted(self, owed: Pending, kind: Kind, expected: int | None, *, truncated: bool) -> Closing:
        return Closing(
            *(owed.pull_request_id, owed.number, kind, owed.generation, expected, None, Proof.TOTAL),
            *(self._was_broken(owed.pull_request_id, kind), truncated, owed.tries, owed.reads.get(kind, 0)),
            lacks_columns=owed.stood_in and kind is Kind.REVIEW_COMMENTS,
        )

    def _was_broken(self, identifier: int, kind: Kind) -> bool:
        was = (identifier, kind) in self.broken
        self.broken.discard((identifier, kind))
        return was

    def _open_threads(self, identifier: int) -> bool:
        return self.open[identifier, Kind.REVIEW_COMMENTS] > 0 or self.open[identifier, Kind.REVIEW_THREADS] > 0

    def _wants_detail(self, page: _Page, reading: Reading) -> bool:
        moved = reading.pull_request_id in page.moved
        return self.details_wanted and page.source is Source.GRAPHQL and (self.patches or moved)

    def _paid(self, owed: Pending, reading: Reading, threads: Iterable[str]) -> None:
        if reading.broken:
            self._mark_broken(owed.pull_request_id, owed.kind)
        if reading.cursor is not None:
            self._owe(next_page(owed, reading.cursor))
        if owed.kind is Kind.REVIEW_THREADS and Kind.REVIEW_COMMENTS in self.kinds:
            for thread in threads:
                self._owe(comments_of(owed, thread))

    def _failed(self, owed: Pending) -> None:
        if owed.failures + 1 < FAILURES:
            self._owe(failed_pending(owed))
        else:
            self._mark_broken(owed.pull_request_id, owed.kind)

    def _mark_broken(self, identifier: int, kind: Kind) -> None:
        """Believe no count of this kind in this reading; a thread that was not seen hides its comments too."""
        self.broken.add((identifier, kind))
        if kind is Kind.REVIEW_THREADS and Kind.REVIEW_COMMENTS in self.kinds:
            self.broken.add((identifier, Kind.REVIEW_COMMENTS))

    def _owe(self, owed: Pending) -> None:
        self.pending.append(owed)
        self.open[owed.pull_request_id, owed.kind] += 1

    def _owe_detail(self, detail: Detail) -> None:
        self.details.append(detail)
        self.open[detail.pull_request_id, Kind.FILES] += 1


def _of_owed(batch: Sequence[Pending | Detail]) -> Absorbed:
    return Absorbed(
        generations={owed.pull_request_id: owed.generation for owed in batch},
        overtaken={owed.pull_request_id: Again(owed.number, owed.tries + 1) for owed in batch},
    )
