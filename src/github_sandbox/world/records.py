"""What a record is, how its connections are read, and how times are written; no record is made here."""

import calendar
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

Record: TypeAlias = dict[str, Any]

INT_MAX: Final = 2**31 - 1
_DAY: Final = 86_400
FILES_SHOWN: Final = 3_000  # https://docs.github.com/rest/pulls/pulls#list-pull-requests-files


def connection(record: Mapping[str, Any], name: str) -> list[Record]:
    """All records of the connection `name`, pending ones included, in GitHub's default order; KeyError if unknown."""
    found: list[Record] = record["_connections"][name]
    return found


def shown(record: Mapping[str, Any], name: str, viewer: str | None) -> list[Record]:
    """What `viewer` (a login, or None) sees of the connection: everything but other people's pending records."""
    records = connection(record, name)
    if "_holdsPending" not in record:
        return records
    return [each for each in records if each.get("_visibleTo", viewer) == viewer]


def total(record: Mapping[str, Any], name: str, viewer: str | None = None) -> int:
    """The connection's totalCount for `viewer`; does not make children, and may exceed what is shown."""
    stated = record["_totals"].get(name) if "_totals" in record else None
    return stated if stated is not None else len(shown(record, name, viewer))


def iso(seconds: int) -> str:
    """A DateTime of GitHub's: UTC, whole seconds, ``Z``."""
    day, second = divmod(seconds, _DAY)
    return f"{_date(day)}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


@lru_cache(maxsize=16_384)
def _date(day: int) -> str:
    moment = time.gmtime(day * _DAY)
    return f"{moment[0]:04d}-{moment[1]:02d}-{moment[2]:02d}"


def seconds_of(stamp: str) -> int:
    """Whole seconds since the epoch of a DateTime that `iso` wrote."""
    return calendar.timegm(
        (int(stamp[:4]), int(stamp[5:7]), int(stamp[8:10]), int(stamp[11:13]), int(stamp[14:16]), int(stamp[17:19]))
    )


def int_or_none(database_id: int) -> int | None:
    """A numeric id as the deprecated `databaseId` carries it: None when it does not fit GraphQL's 32-bit Int."""
    return database_id if database_id <= INT_MAX else None
