"""From what a person typed to the scope it means; nothing is read, asked or stored here."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Final

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import Scope, SourceChoice, github_time, unique_numbers

MOST_NUMBERS: Final = 10_000
"""Longer lists are cheaper as a range of dates, or as the whole repository."""

LAST_SECOND: Final = time(23, 59, 59)

_DAYS: Final = re.compile(r"(\d{1,5})d")
_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")

ANONYMOUS: Final = (
    "No token is set: GitHub allows 60 requests an hour then, by REST and for public repositories only, about 8 pull "
    "requests with all kinds. GITHUB_TOKEN, or a GitHub App, raises that to 5,000 and more."
)


def scope(
    *,
    now: datetime,
    since: str | None = None,
    until: str | None = None,
    numbers: str | None = None,
    limit: int | None = None,
    only: Iterable[str] = (),
    source: SourceChoice = SourceChoice.AUTO,
    full: bool = False,
    patches: bool = False,
) -> Scope:
    """Make a scope from the options' texts, as their help describes them; `now` bounds what dates may be asked for.

    Raises:
        UsageError: a text cannot be read, or they contradict each other.
    """
    days = _DAYS.fullmatch(since) if since else None
    if days and until:
        raise UsageError(f"--since {since} reaches up to now: leave out --until, or give --since as a date.")
    return Scope(
        kinds=_kinds(only),
        since_days=int(days[1]) if days else None,
        updated_from=_moment("--since", since, time.min, now) if since and not days else None,
        updated_to=_moment("--until", until, LAST_SECOND, now) if until else None,
        numbers=_numbers(numbers) if numbers is not None else (),
        limit=limit,
        full=full,
        patches=patches,
        source=source,
    )


def refuse_without_token(asked: Scope, *, anonymous: bool) -> None:
    """Refuse what only a token makes possible.

    https://docs.github.com/en/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql

    Raises:
        UsageError: GraphQL alone was asked for, and there is no token.
    """
    if anonymous and asked.source is SourceChoice.GRAPHQL:
        raise UsageError("GitHub's GraphQL API wants a token: set GITHUB_TOKEN, or leave out --source graphql.")


def _moment(option: str, text: str, at: time, now: datetime) -> str:
    """A date, taken as UTC at the given time of day, or a moment, taken as UTC where it has no zone.

    Raises:
        UsageError: it cannot be read, or begins after `now`.
    """
    try:
        begins = found = datetime.fromisoformat(text)
    except ValueError:
        more = " or a number of days such as 30d" if option == "--since" else ""
        raise UsageError(f"{option} wants a date such as 2024-12-31{more}, not {text!r}.") from None
    if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}(-?\d)?", text):
        found = datetime.combine(found, at)
    if begins.tzinfo is None:
        begins, found = begins.replace(tzinfo=UTC), found.replace(tzinfo=UTC)
    if begins > now:
        raise UsageError(f"{option} {text} lies in the future: give a date up to now, {github_time(now)}.")
    try:
        return github_time(found.astimezone(UTC))
    except OverflowError:
        raise UsageError(f"{option} wants a date that has a year in UTC, not {text!r}.") from None


def _kinds(only: Iterable[str]) -> frozenset[Kind]:
    words = [word.strip().replace("-", "_") for text in only for word in text.split(",")]
    wrong = sorted({word for word in words if word not in set(Kind)})
    if wrong:
        raise UsageError(f"--only does not know {wrong[0]!r}: it takes {', '.join(Kind)}.")
    return frozenset(map(Kind, words)) or frozenset(Kind)


def _numbers(text: str) -> tuple[int, ...]:
    """Read `1,5-9`."""
    found: set[int] = set()
    for part in text.split(","):
        matched = _RANGE.fullmatch(part.strip())
        if not matched:
            raise UsageError(f"--numbers wants numbers and ranges such as 1,5-9, of nine digits at most, not {text!r}.")
        first, last = int(matched[1]), int(matched[2] or matched[1])
        if last < first:
            raise UsageError(f"--numbers wants the smaller number first, not {part.strip()!r}.")
        found.update(range(first, min(last, first + MOST_NUMBERS) + 1))
        if len(found) > MOST_NUMBERS:
            raise UsageError(f"--numbers takes at most {MOST_NUMBERS:,} numbers: use --since and --until for more.")
    return unique_numbers(found)
