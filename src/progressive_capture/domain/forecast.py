"""What a capture will cost before it begins: requests, points and time from counts; no I/O."""

import math
from dataclasses import dataclass
from typing import Final

from progressive_capture.domain.kinds import INDEX_KINDS, Kind
from progressive_capture.domain.overlap import overlapping_pages
from progressive_capture.domain.planning import REST_PAGE, Operation, Sizes
from progressive_capture.domain.scope import SourceChoice

THREADS_PER_PULL_REQUEST: Final = 3.0
"""Mean number of review threads where nothing better is known (a synthetic population modelled on public projects)."""

RENAMING_SHARE: Final = 0.016
"""Share of pull requests that rename a file: 29 of 1,850 in pallets/click's history."""

OVERFLOW_PAGES: Final = 0.0094
"""Further pages per pull request of connections with more than 100 rows, mostly files."""

SECONDS_PER_PULL_REQUEST: Final = 0.1
"""GitHub's own time for one hydrated pull request in one published live measurement (spiceai/spiceai issue 13762)."""

SECONDS_PER_REQUEST: Final = 0.15
"""A round trip of a small request."""

REST_REQUESTS_PER_PULL_REQUEST: Final = 6
"""By REST alone: the pull request, files, commits, reviews, review comments, issue comments."""


LOOK_UP_REQUESTS: Final = 2
"""By REST alone: the repository, and how many pull requests it has."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What is known or assumed of the work."""

    listed: int
    """Pull requests in the list that must be walked."""
    hydrated: int
    """Pull requests to hydrate."""
    threads: float | None = None
    """Review threads of those, None when nobody counted."""
    renaming: float | None = None
    """Pull requests among those that rename a file, None when nobody counted."""
    by_number: bool = False
    """They are looked up by number, and not walked as a list."""
    by_updates: bool = False
    """The list is walked by the newest updates: by REST its pages overlap."""
    contributors: bool = True
    """The repository's contributors are counted, by REST: not where that was done a short while ago."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Requests to both APIs, points of the GraphQL budget, and seconds when nothing has to be waited for."""

    requests: int
    points: int
    seconds: float
    rest_requests: int


def forecast(counts: Counts, sizes: Sizes, source: SourceChoice, *, patches: bool, rest_index: bool = True) -> Forecast:
    """What capturing `counts` will take with the page sizes that hold now.

    `rest_index` says that the list is walked by REST (in `auto` its budget is free); GraphQL alone never does.
    """
    if source is SourceChoice.REST:
        return _by_rest(counts, sizes.kinds)
    rest_index = rest_index and source is SourceChoice.AUTO and not counts.by_number
    threads = counts.threads if counts.threads is not None else counts.hydrated * THREADS_PER_PULL_REQUEST
    graphql = 1 + _pages(counts.hydrated, sizes.size(Operation.HYDRATE) if sizes.connections else 0)
    if sizes.kinds & {Kind.REVIEW_COMMENTS, Kind.REVIEW_THREADS}:
        lookups = threads + counts.hydrated * OVERFLOW_PAGES
        graphql += math.ceil(lookups / sizes.size(Operation.FOLLOW_UP))
    rest = 0
    if source is SourceChoice.AUTO:
        rest = counts.contributors + _details(counts, sizes.kinds, patches=patches)
    if rest_index:
        rest += _rest_pages(counts)
    else:
        graphql += _pages(counts.listed, sizes.size(Operation.NUMBERS if counts.by_number else Operation.INDEX))
    seconds = counts.hydrated * SECONDS_PER_PULL_REQUEST + (graphql + rest) * SECONDS_PER_REQUEST
    return Forecast(requests=graphql + rest, points=graphql, seconds=seconds, rest_requests=rest)


def _details(counts: Counts, kinds: frozenset[Kind], *, patches: bool) -> int:
    if Kind.FILES not in kinds:
        return 0
    if patches:
        return counts.hydrated
    return round(counts.renaming if counts.renaming is not None else counts.hydrated * RENAMING_SHARE)


def _by_rest(counts: Counts, kinds: frozenset[Kind]) -> Forecast:
    hydrating = bool(kinds - INDEX_KINDS)
    per_pull_request = REST_REQUESTS_PER_PULL_REQUEST if hydrating else 0
    listing = counts.listed if counts.by_number else _rest_pages(counts)
    requests = LOOK_UP_REQUESTS + counts.contributors + listing + counts.hydrated * per_pull_request
    return Forecast(requests=requests, points=0, seconds=requests * SECONDS_PER_REQUEST, rest_requests=requests)


def _rest_pages(counts: Counts) -> int:
    return overlapping_pages(counts.listed) if counts.by_updates else _pages(counts.listed, REST_PAGE)


def _pages(items: int, size: int) -> int:
    return math.ceil(items / size) if size else 0
