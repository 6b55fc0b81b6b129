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


def smallest_first(fleet: Mapping[Category, int], percentage: float) -> dict[Category, int]:
    """How many of the 10,000 parts of each category make that percentage of a fleet, the smallest categories first.

    `fleet` counts the tracked repositories of each category. More with each percent, for every category.
    """
    wanted = sum(fleet.values()) * percentage / HUNDRED
    parts = {}
    for category in Category:
        count = fleet.get(category, 0)
        # Of a category that nobody is in yet, all or none: it lies before the edge or behind it.
        share = float(wanted > 0) if not count else min(1.0, wanted / count)
        parts[category] = BUCKETS if percentage == HUNDRED else round(BUCKETS * share)
        wanted = max(0.0, wanted - count)
    return parts


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
        return _by_size(configuration, repository.category, part)
    admitted = parts_of(configuration.percentage)
    told = f"Part {part} of {BUCKETS}, and {configuration.percentage:g} % admits those below {admitted}."
    return Gate.PERCENTAGE, part < admitted, told


def _by_size(configuration: Effective, category: Category | None, part: int) -> _Answer:
    percentage, shares = configuration.percentage, configuration.size_shares
    admitted = parts_of(percentage) if shares is None else shares[category or Category.ENTERPRISE]
    known = category or "not categorised yet (it counts as enterprise)"
    if admitted in {0, BUCKETS}:
        return Gate.CATEGORY, bool(admitted), f"{percentage:g} % admits {'all' if admitted else 'none'} of: {known}."
    told = f"Part {part} of {BUCKETS}, and {percentage:g} % admits those below {admitted} of: {known}."
    return Gate.PERCENTAGE, part < admitted, told
