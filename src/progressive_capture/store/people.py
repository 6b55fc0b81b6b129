"""Contributors and their login history; who wrote what stands with the rows themselves."""

from functools import cache
from typing import Final

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import UNAVAILABLE, ContributorRow
from progressive_capture.store.bulk import Upsert, Write
from progressive_capture.store.tables import CONTRIBUTOR_LOGINS, CONTRIBUTORS

_LOGINS: Final = Upsert(
    CONTRIBUTOR_LOGINS,
    columns=("contributor_id", "login", "first_seen_at", "last_seen_at"),
    constants=("host_id",),
    updates={
        "first_seen_at": "CASE WHEN excluded.first_seen_at < contributor_logins.first_seen_at "
        "THEN excluded.first_seen_at ELSE contributor_logins.first_seen_at END",
        "last_seen_at": "CASE WHEN excluded.last_seen_at > contributor_logins.last_seen_at "
        "THEN excluded.last_seen_at ELSE contributor_logins.last_seen_at END",
    },
)


@cache
def _contributors(source: Source) -> Upsert:
    return Upsert(
        CONTRIBUTORS,
        columns=ContributorRow._fields,
        constants=("host_id", "captured_at", "source"),
        kept=UNAVAILABLE.get(source, {}).get("contributors", frozenset()),
        condition="excluded.captured_at >= contributors.captured_at",
    )


def contributor_writes(host_id: int, source: Source, seen_at: str, rows: list[ContributorRow]) -> list[Write]:
    """Make the writes for the people of an answer; an older answer changes nothing but the login history."""
    unique = {row.id: row for row in rows}
    logins = {(row.id, row.login) for row in rows}
    return [
        Write(_contributors(source), list(unique.values()), (host_id, seen_at, source.value)),
        Write(_LOGINS, [(*login, seen_at, seen_at) for login in sorted(logins)], (host_id,)),
    ]
