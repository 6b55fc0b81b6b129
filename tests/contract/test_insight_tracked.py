from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import Records
from progressive_capture.domain.scope import stamp
from progressive_capture.insight.gaps import analyze, total
from progressive_capture.insight.wanting import wanting_repositories
from progressive_capture.store.database import Database
from progressive_capture.store.index import save_index
from progressive_capture.store.insight.tracked import page_of_tracked
from progressive_capture.store.repositories import raise_watermark, save_repository
from tests.contract.insight_rows import add_job, ago, categorized, track
from tests.contract.store_rows import HOST, T0, index_row, repository
from tests.contract.test_store_jobs import NOW


def known(database: Database, repository_id: int, watermark_days: float | None, *, counted: int = 3) -> None:
    """Store a tracked repository as GitHub gave it, walked so many days ago."""
    with database.transaction() as connection:
        track(connection, repository_id, ago(NOW, days=30))
        row = repository(id=repository_id, name=f"renamed{repository_id}", pull_requests_total=counted)
        save_repository(connection, HOST, row, T0, Source.GRAPHQL)
        if watermark_days is not None:
            raise_watermark(connection, HOST, repository_id, stamp(ago(NOW, days=watermark_days)))


def test_missing_comes_before_stale_and_fresh_is_left_out(database: Database) -> None:
    for number, days in ((1, 1.0), (2, 4.0), (3, 9.0), (4, None)):
        known(database, number, days)
    with database.transaction() as connection:
        track(connection, 5, NOW)
        track(connection, 6, NOW, state="paused")
        add_job(connection, NOW, repository_id=3)
    found = wanting_repositories(database, HOST, NOW)
    assert (found.tracked, found.missing, found.stale) == ({"active": 5, "paused": 1}, 2, 2)
    assert [(each.repository, each.is_missing, each.has_open_job) for each in found.shown] == [
        ("Octo/renamed4", True, False),
        ("octo/r5", True, False),
        ("Octo/renamed2", False, False),
        ("Octo/renamed3", False, True),
    ]
    few = wanting_repositories(database, HOST, NOW, limit=1)
    assert (len(few.shown), few.missing, few.stale) == (1, 2, 2)
    assert wanting_repositories(database, HOST + 1, NOW).shown == ()


def test_queueing_a_few_at_a_time_reaches_every_repository(database: Database) -> None:
    for number, days in ((1, None), (2, None), (3, 9.0)):
        known(database, number, days)
    reached = []
    for _ in range(3):
        (neediest,) = wanting_repositories(database, HOST, NOW, limit=1).shown
        reached.append(neediest.repository_id)
        with database.transaction() as connection:
            add_job(connection, NOW, repository_id=neediest.repository_id)
    assert reached == [1, 2, 3]
    assert [each.repository_id for each in wanting_repositories(database, HOST, NOW).shown] == [1, 2, 3]


def test_tracked_repositories_are_paged_by_id_with_what_is_known(database: Database) -> None:
    for number in range(1, 4):
        known(database, number, None)
    with database.transaction() as connection:
        categorized(connection, 2, "test", NOW, is_test_repository=True)
    with database.reading() as connection:
        first = page_of_tracked(connection, HOST, after=0, size=2)
        rest = page_of_tracked(connection, HOST, after=2, size=2)
    assert [(each.repository_id, each.category, each.is_test) for each in first] == [
        (1, None, False),
        (2, "test", True),
    ]
    assert [(each.repository_id, each.stars, each.pull_requests_total) for each in rest] == [(3, 5, 3)]


def test_gaps_are_recounted_over_all_tracked_repositories(database: Database) -> None:
    known(database, 1, 1.0, counted=0)
    known(database, 2, 1.0)
    known(database, 3, None)
    with database.transaction() as connection:
        listed = [index_row(7), index_row(8)]
        save_index(
            connection, HOST, 2, listed_at=T0, source=Source.REST, records=Records(index=listed), completeness=[]
        )
    found = list(analyze(database, HOST))
    assert [(each.repository_id, each.is_complete) for each in found] == [(1, True), (2, False), (3, False)]
    assert (found[1].gap_count, found[1].pull_requests, found[1].pull_requests_total) == (19, 0, 3)
    assert (found[1].unlisted, found[1].pull_requests_with_gaps, found[1].pull_requests_known) == (1, 3, 3)
    assert (found[1].kinds["reviews"], sum(found[1].kinds.values())) == (2, 18)
    assert [each.repository_id for each in analyze(database, HOST, after=1)] == [2, 3]
    totals = total(found)
    assert (totals.repositories, totals.complete, totals.never_walked, totals.gap_count) == (3, 1, 1, 22)


def test_of_what_was_never_walked_whole_all_that_github_counts_is_missing(database: Database) -> None:
    """As `pc verify` counts: two pull requests are listed and not read, the third was never listed."""
    known(database, 2, None)
    (nothing,) = analyze(database, HOST)
    assert (nothing.gap_count, nothing.unlisted) == (3, 3)
    assert (nothing.pull_requests_with_gaps, nothing.pull_requests_known) == (3, 3)
    with database.transaction() as connection:
        records = Records(index=[index_row(7), index_row(8)])
        save_index(connection, HOST, 2, listed_at=T0, source=Source.REST, records=records, completeness=[])
    (part,) = analyze(database, HOST)
    assert (part.gap_count, part.unlisted) == (19, 1)
    assert (part.pull_requests_with_gaps, part.pull_requests_known) == (3, 3)
