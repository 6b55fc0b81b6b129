"""Which repositories may use both processors: gates in a fixed order over a stable bucket; nothing is read here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.rollout import HUNDRED, Effective, Strategy

BUCKETS: Final = 10_000
"""Repositories fall into this many equal parts, so that a percentage is exact to 0.01."""

LADDER: Final[Mapping[Category, tuple[int, int]]] = {
    Category.TEST: (0, 10),
    Category.SMALL: (10, 25),
    Category.MEDIUM: (25, 50),
    Category.LARGE: (50, 75),
    Category.ENTERPRISE: (75, 100),
}
"""By `repository_size`: the percentage up to which none of a category is admitted, and that from which on all of it is.
Source: the steps of the original system, https://github.com/bdougie/contributor.info, which admitted everybody at any
other percentage."""


class Gate(StrEnum):
    """What decided, in the order in which the gates are asked."""

    INACTIVE = "inactive"
    EMERGENCY_STOP = "emergency-stop"
    EXCLUDED = "excluded"
    WHITELIST = "whitelist"
    CATEGORY = "category"
    PERCENTAGE = "percentage"


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What the gates know of a repository."""

    repository_id: int
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a repository may use both processors, and what decided it."""

    eligible: bool
    gate: Gate
    reason: str
    version: int

    @property
    def processors(self) -> frozenset[Processor]:
        """The processors that are open to it: both, or the real-time lane alone."""
        return frozenset(Processor) if self.eligible else frozenset({Processor.INNGEST})


def bucket(feature_name: str, repository_id: int) -> int:
    """The part, 0 to 9,999, into which a repository falls: the same in every process, and for ever.

    64 bits without a sign, of SHA-256: a signed remainder would put half of all repositories below zero.
    """
    digest = hashlib.sha256(f"{feature_name}/{repository_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % BUCKETS


def parts_of(percentage: float) -> int:
    """How many of the 10,000 parts a percentage is."""
    return round(BUCKETS * percentage / HUNDRED)


def admits(category: Category | None, percentage: float) -> int:
    """How many of the 10,000 parts of a category `repository_size` admits at a percentage; more with each percent.

    A category that is not known counts as the largest.
    """
    none_up_to, all_from = LADDER[category or Category.ENTERPRISE]
    climbed = (percentage - none_up_to) / (all_from - none_up_to)
    return round(BUCKETS * min(1.0, max(0.0, climbed)))


def decide(configuration: Effective, repository: RepositoryFacts) -> Eligibility:
    """Ask the gates in order; the first that has an opinion decides.

    The order: active, emergency stop, excluded, whitelisted, category, percentage.
    """
    gate, eligible, reason = (
        _switches(configuration) or _lists(configuration, repository) or _share(configuration, repository)
    )
    return Eligibility(eligible, gate, reason, configuration.version)


_Answer = tuple[Gate, bool, str]


def _switches(configuration: Effective) -> _Answer | None:
    if not configuration.is_active:
        return Gate.INACTIVE, False, "The rollout is switched off (is_active)."
    if configuration.stopped_by:
        return Gate.EMERGENCY_STOP, False, f"Emergency stop by the {' and the '.join(configuration.stopped_by)}."
    return None


def _lists(configuration: Effective, repository: RepositoryFacts) -> _Answer | None:
    if repository.repository_id in configuration.excluded:
        return Gate.EXCLUDED, False, "The repository is on the list of exclusions."
    listed = repository.repository_id in configuration.whitelist
    if listed and not configuration.whitelist_closed:
        return Gate.WHITELIST, True, "The repository is on the whitelist."
    if listed and configuration.strategy is Strategy.WHITELIST:
        return Gate.WHITELIST, False, "A rollback closed the whitelist: set a percentage to open it."
    if configuration.strategy is Strategy.WHITELIST:
        return Gate.WHITELIST, False, "Only the whitelist is rolled out, and the repository is not on it."
    return None


def _share(configuration: Effective, repository: RepositoryFacts) -> _Answer:
    part = bucket(configuration.feature_name, repository.repository_id)
    if configuration.strategy is Strategy.REPOSITORY_SIZE:
        return _by_size(repository.category, configuration.percentage, part)
    admitted = parts_of(configuration.percentage)
    told = f"Part {part} of {BUCKETS}, and {configuration.percentage:g} % admits those below {admitted}."
    return Gate.PERCENTAGE, part < admitted, told


def _by_size(category: Category | None, percentage: float, part: int) -> _Answer:
    admitted = admits(category, percentage)
    known = category or "not categorised yet (it counts as enterprise)"
    if admitted in {0, BUCKETS}:
        return Gate.CATEGORY, bool(admitted), f"{percentage:g} % admits {'all' if admitted else 'none'} of: {known}."
    told = f"Part {part} of {BUCKETS}, and {percentage:g} % admits those below {admitted} of: {known}."
    return Gate.PERCENTAGE, part < admitted, told
