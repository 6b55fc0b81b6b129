"""Runs and their jobs, as GitHub lists them."""

import pytest

from progressive_capture.github.outcomes import Broken, Page
from tests.unit.github.fakes import Script, make_api, reply, run

JOBS = {"jobs": [{"status": "completed"}]}


def test_the_jobs_of_a_run_are_read_to_the_end_of_their_list() -> None:
    link = '<https://api.github.com/x?page=2>; rel="next"'
    outcome = run(make_api(Script(reply(200, JOBS, link=link), reply(200, JOBS))).actions.jobs("o/r", 7))
    assert isinstance(outcome, Page)
    assert [job.status for job in outcome.data] == ["completed"] * 2


@pytest.mark.parametrize("query", ["page=1", "after=Y3Vyc29y"])
def test_jobs_that_go_on_nobody_knows_where_are_not_all(query: str) -> None:
    link = f'<https://api.github.com/x?{query}>; rel="next"'
    assert isinstance(run(make_api(Script(reply(200, JOBS, link=link))).actions.jobs("o/r", 7)), Broken)
