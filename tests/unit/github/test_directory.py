"""Repositories of an account: an organization's first, else a person's; whole, over pages and waits."""

from datetime import timedelta
from typing import Any

from progressive_capture.domain.budget import Wait, WaitKind
from progressive_capture.github.directory import AccountRepository
from progressive_capture.github.outcomes import Broken, Missing, Page, Throttled
from tests.unit.github.fakes import NOW, Grants, Script, make_api, reply, run


def listed(number: int, **more: Any) -> dict[str, Any]:
    """A repository as the list has it, with fields nobody asked for."""
    return {
        "id": number,
        "full_name": f"o/r{number}",
        "disabled": False,
        "private": True,
        "owner": {"login": "o"},
    } | more


def next_page(number: int) -> str:
    return f'<https://api.github.com/organizations/9/repos?per_page=100&page={number}>; rel="next"'


def test_an_organizations_list_is_read_to_its_end_and_each_repository_once() -> None:
    script = Script(
        reply(200, [listed(1), listed(2)], link=next_page(2)), reply(200, [listed(2), listed(3, disabled=True)])
    )
    outcome = run(make_api(script).directory.repositories_of("o"))
    assert outcome == Page(
        [
            AccountRepository(1, "o/r1", is_disabled=False),
            AccountRepository(2, "o/r2", is_disabled=False),
            AccountRepository(3, "o/r3", is_disabled=True),
        ]
    )
    assert [request.url for request in script.sent] == [
        "https://api.github.com/orgs/o/repos?per_page=100&page=1",
        "https://api.github.com/orgs/o/repos?per_page=100&page=2",
    ]


def test_a_person_is_no_organization() -> None:
    script = Script(reply(404, {"message": "Not Found"}), reply(200, [listed(1)]))
    outcome = run(make_api(script).directory.repositories_of("ann"))
    assert [each.owner_name for each in outcome.data] == ["o/r1"]
    assert script.sent[-1].url == "https://api.github.com/users/ann/repos?per_page=100&page=1"


def test_nobody_of_that_name_is_told_by_name() -> None:
    script = Script(reply(404), reply(404))
    outcome = run(make_api(script).directory.repositories_of("nobody"))
    assert isinstance(outcome, Missing)
    assert outcome.permanent
    assert "no account nobody" in outcome.why


def test_an_account_name_is_no_path() -> None:
    script = Script(reply(200, []))
    assert run(make_api(script).directory.repositories_of("../user")) == Page([])
    assert script.sent[0].url == "https://api.github.com/orgs/..%2Fuser/repos?per_page=100&page=1"


def test_after_a_limit_it_goes_on_as_begun() -> None:
    wait = Wait(NOW + timedelta(minutes=1), WaitKind.BUDGET, "no room")
    script = Script(reply(200, [listed(1)], link=next_page(2)), reply(200, [listed(2)]))
    api = make_api(script, Grants(None, wait))

    async def twice() -> tuple[Any, Any]:
        return await api.directory.repositories_of("o"), await api.directory.repositories_of("o")

    first, second = run(twice())
    assert isinstance(first, Throttled)
    assert [each.id for each in second.data] == [1, 2]
    assert len(script.sent) == 2


def test_a_list_of_another_form_is_broken() -> None:
    outcome = run(make_api(Script(*[reply(200, {"id": 1})] * 5)).directory.repositories_of("o"))
    assert isinstance(outcome, Broken)
