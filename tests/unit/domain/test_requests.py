"""What may not be asked for is refused in one sentence; the rest is taken as it is."""

from dataclasses import replace

import pytest

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import JobType, Trigger
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.requests import KINDS_OF, JobRequest
from progressive_capture.domain.scope import Scope

REQUEST = JobRequest(
    host_id=1,
    repository_id=2,
    repository_name="owner/name",
    job_type=JobType.HISTORICAL_PR_SYNC,
    scope=Scope(),
    trigger=Trigger.MANUAL,
    who="ada",
)


@pytest.mark.parametrize("name", ["", "/", "owner", "owner/", "/name", " /name", "owner/ ", "a/b/c"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="wants a repository as owner/name"):
        replace(REQUEST, repository_name=name)


def test_an_id_that_github_never_gives_is_refused() -> None:
    with pytest.raises(UsageError, match="wants a repository"):
        replace(REQUEST, repository_id=0)


def test_somebody_asks() -> None:
    with pytest.raises(UsageError, match="who asks"):
        replace(REQUEST, who=" ")


@pytest.mark.parametrize("attempts", [0, -1, 21])
def test_attempts_have_bounds(attempts: int) -> None:
    with pytest.raises(UsageError, match="attempted 1 to 20 times"):
        replace(REQUEST, max_attempts=attempts)


@pytest.mark.parametrize("job_type", JobType)
def test_a_type_captures_its_kinds_and_no_others(job_type: JobType) -> None:
    own = Scope(kinds=KINDS_OF[job_type], since_days=1)
    assert replace(REQUEST, job_type=job_type, scope=own).scope is own
    for kind in set(Kind) - KINDS_OF[job_type]:
        with pytest.raises(UsageError, match=f"A {job_type} job captures only"):
            replace(REQUEST, job_type=job_type, scope=Scope(kinds=KINDS_OF[job_type] | {kind}, since_days=1))


def test_recent_pull_requests_have_a_bound() -> None:
    with pytest.raises(UsageError, match="give --since"):
        replace(REQUEST, job_type=JobType.RECENT_PRS)
    assert replace(REQUEST, job_type=JobType.RECENT_PRS, scope=Scope(limit=50)).scope.limit == 50
