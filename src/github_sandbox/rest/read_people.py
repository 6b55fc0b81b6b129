"""Handlers for people, organizations, search and the budgets themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.graphql.execution import Execution, RateView
from github_sandbox.graphql.search import Results, search
from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.rest.filters import chosen
from github_sandbox.rest.paging import link
from github_sandbox.rest.router import AnsweredError, Route, visible
from github_sandbox.tokens import Kind
from github_sandbox.world.records import Record, iso

if TYPE_CHECKING:
    from github_sandbox.http.messages import Response
    from github_sandbox.rest.call import Call

FIRST_RESULTS = 1_000
NO_RATE = RateView(0, 0, 0, "")


def _actor_of(call: Call) -> Record:
    found = call.world.actor(call.params.get("username") or call.params["org"])
    if found is None:
        raise AnsweredError(not_found())
    return found


def get_viewer(call: Call) -> Response:
    """Give the token's own user."""
    if not call.viewer.authenticated:
        return message(401, "Requires authentication")
    if call.viewer.principal.kind is Kind.INSTALLATION:
        return message(403, "Resource not accessible by integration")
    people, principal = call.shapes.people, call.viewer.principal
    known = call.world.actor(principal.login)
    if known is not None:
        return json_answer({**people.full(known), **people.private_facts()})
    return json_answer(people.viewer(principal.login, principal.database_id, iso(int(call.now))))


def get_user(call: Call) -> Response:
    """Give a user, a bot (LOGIN[bot]) or an organization by login."""
    return json_answer(call.shapes.people.full(_actor_of(call)))


def get_user_by_id(call: Call) -> Response:
    """Give a user by numeric id, which a rename does not change."""
    found = call.world.actor_by_id(call.number("account_id"))
    return not_found() if found is None else json_answer(call.shapes.people.full(found))


def list_no_organizations(call: Call) -> Response:
    """List a user's organizations: the sandbox knows no public memberships."""
    _actor_of(call)
    return call.listing([], lambda row: row)


def get_organization(call: Call) -> Response:
    """Give an organization."""
    found = _actor_of(call)
    return json_answer(call.shapes.people.organization(found)) if found["__typename"] == "Organization" else not_found()


def list_repositories(call: Call) -> Response:
    """List the repositories of a user or an organization that the viewer may see."""
    owner = _actor_of(call)
    every = [each for each in call.world.repositories() if each.record["owner"] is owner and visible(each, call.viewer)]
    return call.listing(every, lambda each: call.shapes.repositories.simple(each.record))


def search_issues(call: Call) -> Response:
    """Search issues and pull requests; only the first 1,000 can be read.

    https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests
    """
    query = call.request.query
    text = query.get("q", "").strip()
    if not text:
        errors = [{"resource": "Search", "field": "q", "code": "missing"}]
        return message(422, "Validation Failed", errors=errors)
    page = call.page()
    if page.start >= FIRST_RESULTS:
        return message(422, "Only the first 1000 search results are available")
    sort = chosen(query, "sort", ("created", "updated"), "")
    if sort and "sort:" not in text:
        text += f" sort:{sort}-{chosen(query, 'order', ('asc', 'desc'), 'desc')}"
    found = search({}, {"type": "ISSUE", "query": text}, Execution(call.world, call.viewer.principal, NO_RATE, 0, 0))
    assert isinstance(found, Results)
    records = found.window(page.start, page.start + page.size)
    rows = [{**call.shapes.issues.issue(record), "score": 1.0} for record in records]
    _, _, raw = call.request.target.partition("?")
    headers = link(call.address(), raw, page, min(found.total(), FIRST_RESULTS))
    found_so = {"total_count": found.total(), "incomplete_results": False, "search_type": "lexical", "items": rows}
    return json_answer(found_so, headers=headers)


def get_root(call: Call) -> Response:
    """Give the addresses that a client may begin with."""
    api = call.shapes.api
    return json_answer(
        {
            "current_user_url": f"{api}/user",
            "rate_limit_url": f"{api}/rate_limit",
            "repository_url": f"{api}/repos/{{owner}}/{{repo}}",
            "issue_search_url": f"{api}/search/issues?q={{query}}{{&page,per_page,sort,order}}",
            "user_url": f"{api}/users/{{user}}",
        }
    )


def get_meta(_call: Call) -> Response:
    """Give what an installation says of itself."""
    return json_answer({"verifiable_password_authentication": False, "installed_version": "3.17.0"})


ROUTES = (
    Route("GET", "/", get_root),
    Route("GET", "/meta", get_meta),
    Route("GET", "/user", get_viewer),
    Route("GET", "/user/{account_id}", get_user_by_id),
    Route("GET", "/users/{username}", get_user),
    Route("GET", "/users/{username}/orgs", list_no_organizations),
    Route("GET", "/users/{username}/repos", list_repositories),
    Route("GET", "/orgs/{org}", get_organization),
    Route("GET", "/orgs/{org}/repos", list_repositories),
    Route("GET", "/search/issues", search_issues, "search"),
)
