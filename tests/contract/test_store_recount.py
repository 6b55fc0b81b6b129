"""The recount by the database itself, against the one that looks at every pull request."""

from itertools import product

from sqlalchemy import delete, update

from progressive_capture.domain.kinds import INDEX_KINDS, SETTLED, Kind, Source, State
from progressive_capture.domain.records import PullRequestLabelRow, Records
from progressive_capture.store.completeness import save_completeness
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.gaps import gaps
from progressive_capture.store.index import save_index
from progressive_capture.store.recount import unsound_numbers
from progressive_capture.store.rows import save_hydrated
from progressive_capture.store.staleness import Filters, stale_numbers
from progressive_capture.store.tables import COMPLETENESS, PR_COMMITS, PR_LABELS
from tests.contract.store_rows import HOST, NEW, REPOSITORY, T0, T1, commit, index_row, known, pull_request

PLACE = (HOST, REPOSITORY)


def by_looking(connection: Connection, kinds: frozenset[Kind]) -> set[int]:
    return {gap.number for gap in gaps(connection, *PLACE, kinds=kinds) if gap.is_gap}


def listed(connection: Connection, count: int) -> None:
    """List pull requests 1 to `count`, each with two labels, and all that the list carries known to be whole."""
    numbers = range(1, count + 1)
    labels = [PullRequestLabelRow(1000 + number, name) for number in numbers for name in ("a", "b")]
    rows = [
        known(number, kind, expected=2 * (kind is Kind.LABELS), stored=2 * (kind is Kind.LABELS))
        for number, kind in product(numbers, sorted(INDEX_KINDS))
    ]
    records = Records(index=[index_row(number) for number in numbers], pr_labels=labels)
    save_index(connection, *PLACE, listed_at=T0, source=Source.REST, records=records, completeness=rows)


def test_a_list_that_is_whole_is_sound(database: Database) -> None:
    with database.transaction() as connection:
        listed(connection, 3)
        other = Records(index=[index_row(900)])
        save_index(connection, HOST, 78, listed_at=T0, source=Source.REST, records=other, completeness=[])
        assert list(unsound_numbers(connection, *PLACE, kinds=INDEX_KINDS)) == []
        connection.execute(update(PR_LABELS).where(PR_LABELS.c.pull_request_id == 1002).values(deleted_at=T1))
        assert list(unsound_numbers(connection, *PLACE, kinds=INDEX_KINDS)) == [2]
        assert list(unsound_numbers(connection, *PLACE, kinds=())) == []


def test_of_what_the_list_carries_it_finds_just_the_gaps(database: Database) -> None:
    """Every state, with fewer rows than were stored, as many, more, and a count that nobody knows; or nothing known."""
    cases = list(product(State, (None, 1, 2, 3)))
    with database.transaction() as connection:
        listed(connection, len(cases) + 1)
        rows = [
            known(number, Kind.LABELS, state, stored=stored, expected=stored)
            for number, (state, stored) in enumerate(cases, 2)
        ]
        save_completeness(connection, *PLACE, {row.pull_request_id: T1 for row in rows}, rows)
        gone = (COMPLETENESS.c.pull_request_id == 1001, COMPLETENESS.c.kind == Kind.ASSIGNEES.value)
        connection.execute(delete(COMPLETENESS).where(*gone))
        found = set(unsound_numbers(connection, *PLACE, kinds=INDEX_KINDS))
        assert found == by_looking(connection, INDEX_KINDS)
        sound = {number for number, (state, stored) in enumerate(cases, 2) if state in SETTLED and stored in {None, 2}}
        assert found == set(range(1, len(cases) + 2)) - sound
        assert list(unsound_numbers(connection, *PLACE, kinds=INDEX_KINDS, limit=2)) == sorted(found)[:2]
        assert list(unsound_numbers(connection, *PLACE, kinds=INDEX_KINDS, after=20)) == [
            n for n in sorted(found) if n > 20
        ]
        some = Filters(numbers=(1, 2, 3))
        assert list(unsound_numbers(connection, *PLACE, kinds=INDEX_KINDS, filters=some)) == [
            n for n in sorted(found) if n < 4
        ]
        assert list(unsound_numbers(connection, *PLACE, kinds={Kind.ASSIGNEES})) == [1]


def test_with_what_is_stale_it_finds_every_gap_of_what_hydration_brings(database: Database) -> None:
    """Not read, read too early, updated since, a lost row, a lost pull request, a kind that is open."""
    kinds = frozenset({Kind.COMMITS, Kind.FILES})
    with database.transaction() as connection:
        listed(connection, 7)
        pulls = [pull_request(number) for number in range(2, 8)]
        commits = [commit(sha, number) for number in range(2, 8) for sha in "xy"]
        records = Records(pull_requests=pulls, pr_commits=commits)
        save_hydrated(connection, *PLACE, source=Source.GRAPHQL, captured_at=T0, records=records)
        rows = [known(number, Kind.COMMITS, expected=2, stored=2) for number in range(2, 8)]
        rows += [known(number, Kind.FILES, expected=0, stored=0) for number in range(2, 7)]
        rows += [known(7, Kind.FILES, State.GAP, expected=3, stored=0)]
        save_completeness(connection, *PLACE, {row.pull_request_id: T0 for row in rows}, rows)
        lost = (PR_COMMITS.c.pull_request_id == 1003, PR_COMMITS.c.sha == "x")
        connection.execute(delete(PR_COMMITS).where(*lost))
        again = Records(index=[index_row(4, updated_at=NEW)])
        save_index(connection, *PLACE, listed_at=T1, source=Source.REST, records=again, completeness=[])
        found = unsound_numbers(connection, *PLACE, kinds=kinds)
        stale = stale_numbers(connection, *PLACE, kinds=kinds)
        assert list(found) == [1, 3, 7]
        assert list(stale) == [1, 4, 7]
        assert {*found, *stale} == by_looking(connection, kinds)
