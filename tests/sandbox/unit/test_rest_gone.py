"""What is gone for good answers 410 by REST, and NOT_FOUND by GraphQL."""

import json

import pytest

from tests.sandbox.in_process import InProcess, in_process

ISSUE = """
query ($name: String!, $number: Int!) {
  repository(owner: "hostile", name: $name) { hasIssuesEnabled issues { totalCount } issue(number: $number) { id } }
}
"""
DISABLED = "Issues are disabled for this repo"
DELETED = "This issue was deleted"


@pytest.fixture(scope="module")
def sandbox() -> InProcess:
    return in_process("hostile")


@pytest.fixture(scope="module")
def numbers(sandbox: InProcess) -> list[int]:
    return [each["number"] for each in sandbox.read("/repos/hostile/no-issues/pulls?state=all&per_page=100")]


@pytest.mark.parametrize("route", ["", "/comments", "/events", "/timeline", "/labels"])
@pytest.mark.parametrize(("name", "text"), [("no-issues", DISABLED), ("everything", DELETED)])
def test_an_issue_that_is_gone_is_410(sandbox: InProcess, numbers: list[int], name: str, text: str, route: str) -> None:
    number = 2 if name == "everything" else next(each for each in range(1, 100) if each not in numbers)
    answer = sandbox.ask("GET", f"/repos/hostile/{name}/issues/{number}{route}")
    assert (answer.status, json.loads(answer.body)["message"]) == (410, text)
    errors = sandbox.query(ISSUE, name=name, number=number)["errors"]
    assert [(each["type"], each["path"]) for each in errors] == [("NOT_FOUND", ["repository", "issue"])]


def test_an_issue_that_never_was_is_404(sandbox: InProcess) -> None:
    assert sandbox.ask("GET", "/repos/hostile/everything/issues/99999").status == 404


def test_pull_requests_are_issues_where_issues_are_disabled(sandbox: InProcess, numbers: list[int]) -> None:
    base = "/repos/hostile/no-issues"
    assert sandbox.read(base)["has_issues"] is False
    listed = sandbox.read(f"{base}/issues?state=all&per_page=100")
    assert [each["number"] for each in listed] == numbers
    for number in numbers:
        assert sandbox.read(f"{base}/issues/{number}")["pull_request"]
        assert sandbox.ask("GET", f"{base}/issues/{number}/comments").status == 200
    rows = sandbox.read(f"{base}/issues/comments?per_page=100")
    assert rows
    assert {int(each["issue_url"].rpartition("/")[2]) for each in rows} <= set(numbers)
    found = sandbox.query(ISSUE, name="no-issues", number=numbers[0])["data"]["repository"]
    assert (found["hasIssuesEnabled"], found["issues"]["totalCount"]) == (False, 0)


def test_a_deleted_issue_is_in_no_list(sandbox: InProcess) -> None:
    listed = sandbox.read("/repos/hostile/everything/issues?state=all&per_page=100&sort=created&direction=asc")
    assert 2 not in {each["number"] for each in listed}
    assert {1, 3} <= {each["number"] for each in listed}
