"""This room against the stand-in over HTTP: both APIs give the same rows, and its faults end as they should."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, Source
from progressive_capture.domain.records import UNAVAILABLE, Records, Target
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.api import GitHubApi
from progressive_capture.github.app_auth import AppInstallation
from progressive_capture.github.clock import ServerClock
from progressive_capture.github.credentials import Anonymous, Credential, Token
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Missing,
    Page,
    Partial,
    Throttled,
    ThrottleKind,
    TooHeavy,
)
from progressive_capture.github.results import LookUp, Order, RepoRef
from progressive_capture.github.secrets import Secret
from progressive_capture.github.surroundings import Surroundings
from tests.support.other_answers import answer_about
from tests.support.stand_ins import Running, Start
from tests.unit.github.fakes import Grants

Use = Callable[[GitHubApi], Coroutine[Any, Any, Any]]


@pytest.fixture(scope="module")
def sandbox(serve: Start) -> Running:
    return serve("--repo", "sandbox/demo=generate:50", "--repo", "hostile")


@pytest.fixture
def faults(sandbox: Running) -> Iterator[Callable[..., None]]:
    """Install one fault, gone after the test."""
    with httpx.Client(base_url=sandbox.url, trust_env=False) as client:

        def install(effect: dict[str, Any], **match: object) -> None:
            rule = {"name": "it", "match": match, "effect": effect}
            assert client.post("/_sandbox/faults", json={"faults": [rule]}).status_code == 200

        yield install
        client.post("/_sandbox/faults", json={"faults": []})


def use(sandbox: Running, work: Use, *, credential: Credential | None = None, path: str = "") -> Any:
    """Run a piece of work with an API of its own; nothing is really slept on."""

    async def main() -> Any:
        async def no_pause(_: float) -> None:
            return

        world = Surroundings(Grants(), "here:1", no_pause, lambda: 0.5, ServerClock())
        api = GitHubApi(ApiAddress.parse(sandbox.url + path), credential or Token(Secret("ghp_made_up")), world)
        try:
            return await work(api)
        finally:
            await api.close()

    return asyncio.run(main())


async def found(api: GitHubApi, name: str, source: Source = Source.REST) -> RepoRef:
    outcome = await api.look_up_repository(name, source)
    assert isinstance(outcome, Page), outcome
    row = outcome.data.row
    return RepoRef(f"{row.owner_login}/{row.name}", row.node_id, row.id)


async def walk(api: GitHubApi, repo: RepoRef, source: Source) -> tuple[Records, list[Target]]:
    records, cursor = Records(), None
    while True:
        outcome = await api.list_pull_requests(repo, Order.CREATED_ASC, cursor, source, 49)
        assert isinstance(outcome, Page), outcome
        merge(records, outcome.data.records)
        cursor = outcome.data.next_cursor
        if cursor is None:
            return records, [Target(row.pull_request_id, row.node_id, row.number) for row in records.index]


async def by_graphql(api: GitHubApi, repo: RepoRef, targets: list[Target]) -> Records:
    """Everything by GraphQL, each page followed to its end."""
    records, owed = Records(), list[LookUp]()
    for begin in range(0, len(targets), 29):
        outcome = await api.hydrate(repo, targets[begin : begin + 29], HYDRATE_KINDS, Source.GRAPHQL)
        assert isinstance(outcome, Page)
        assert outcome.data.failed == []
        merge(records, outcome.data.records)
        owed += owes(outcome.data.records, outcome.data.readings)
    while owed:
        batch, owed = owed[:149], owed[149:]
        followed = await api.follow_up(repo, batch)
        assert isinstance(followed, Page)
        assert followed.data.failed == []
        merge(records, followed.data.records)
        owed += owes(followed.data.records, followed.data.readings)
    return records


def owes(records: Records, readings: Any) -> list[LookUp]:
    threads = [
        LookUp(row.pull_request_id, 0, row.node_id, Kind.REVIEW_COMMENTS, None) for row in records.pr_review_threads
    ]
    assert not any(each.broken for each in readings)
    return threads + [
        LookUp(each.pull_request_id, 0, each.node_id, each.kind, each.cursor) for each in readings if each.cursor
    ]


async def by_rest(api: GitHubApi, repo: RepoRef, targets: list[Target]) -> Records:
    records = Records()
    for target in targets:
        outcome = await api.hydrate(repo, [target], HYDRATE_KINDS, Source.REST)
        assert isinstance(outcome, Page)
        merge(records, outcome.data.records)
    return records


def merge(into: Records, more: Records) -> None:
    for each in fields(Records):
        getattr(into, each.name).extend(getattr(more, each.name))


NUMBERLESS_BOT = "numberless"
"""A bot whose number GraphQL does not tell, and REST does."""


def comparable(records: Records, table: str) -> set[Any]:
    """The different rows of a table, less the columns that either API cannot give."""
    hidden = UNAVAILABLE[Source.REST].get(table, frozenset()) | UNAVAILABLE[Source.GRAPHQL].get(table, frozenset())
    rows = set()
    for row in getattr(records, table):
        if NUMBERLESS_BOT in row and table == "contributors":
            continue
        less = hidden | ({"author_id"} if NUMBERLESS_BOT in row else set())
        rows.add(tuple(None if column in less else value for column, value in zip(row._fields, row, strict=True)))
    return rows


@pytest.mark.parametrize("name", ["sandbox/demo", "hostile/everything"])
def test_both_apis_give_the_same_rows(sandbox: Running, name: str) -> None:
    """REST's rows are GraphQL's, but for threads, REST's cap on commits, and people met in threads alone."""

    async def both(api: GitHubApi) -> tuple[tuple[Records, Records], tuple[Records, Records]]:
        repo = await found(api, name)
        (listed_one, targets), (listed_other, same) = [await walk(api, repo, source) for source in Source]
        assert [each[2] for each in targets] == [each[2] for each in same]
        return (listed_one, listed_other), (await by_graphql(api, repo, targets), await by_rest(api, repo, targets))

    listed, read = use(sandbox, both)
    for table in ("index", "labels", "pr_labels", "pr_assignees", "pr_requested_reviewers"):
        assert comparable(listed[0], table) == comparable(listed[1], table), table
    for table in ("pull_requests", "milestones", "pr_reviews", "pr_review_comments", "pr_issue_comments", "pr_files"):
        assert comparable(read[0], table) == comparable(read[1], table), table
        assert comparable(read[0], table)
    capped = {row for row in comparable(read[0], "pr_commits") if row[2] < 250}
    assert capped == comparable(read[1], "pr_commits")
    assert comparable(read[0], "contributors") >= comparable(read[1], "contributors")


NAMES = [
    ("hostile/renamed", "hostile/renamed-since", "hostile/renamed"),
    ("hostile/transferred", "elsewhere/transferred", "hostile/transferred"),
    ("hostile/archived", "hostile/archived", None),
    ("Sandbox/DEMO", "sandbox/demo", None),
]


@pytest.mark.parametrize("path", ["", "/api/v3"])
@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("names", NAMES)
def test_repositories_by_their_names(
    sandbox: Running, names: tuple[str, str, str | None], source: Source, path: str
) -> None:
    asked, now, former = names
    outcome = use(sandbox, lambda api: api.look_up_repository(asked, source), path=path)
    assert isinstance(outcome, Page)
    row = outcome.data.row
    assert (f"{row.owner_login}/{row.name}", outcome.data.former_name) == (now, former)
    assert outcome.data.principal.startswith("user:")


@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("name", ["hostile/private", "hostile/deleted", "nobody/nothing"])
def test_what_cannot_be_seen_is_missing(sandbox: Running, name: str, source: Source) -> None:
    outcome = use(sandbox, lambda api: api.look_up_repository(name, source))
    assert isinstance(outcome, Missing)
    assert outcome.permanent


@pytest.mark.parametrize("source", Source)
def test_a_blocked_repository(sandbox: Running, source: Source) -> None:
    outcome = use(sandbox, lambda api: api.look_up_repository("hostile/blocked", source))
    assert isinstance(outcome, Denied)
    assert outcome.reason is DeniedReason.BLOCKED


def test_without_a_token_rest_serves_public_repositories(sandbox: Running) -> None:
    outcome = use(sandbox, lambda api: api.look_up_repository("sandbox/demo", Source.REST), credential=Anonymous())
    assert outcome.data.principal == "anonymous"
    assert outcome.data.row.pull_requests_total == 50


REFUSALS = {
    "primary-200-rate-limited": ThrottleKind.PRIMARY,
    "primary-200-rate-limit": ThrottleKind.PRIMARY,
    "primary-403": ThrottleKind.PRIMARY,
    "primary-429": ThrottleKind.PRIMARY,
    "secondary-200": ThrottleKind.SECONDARY,
    "secondary-403": ThrottleKind.SECONDARY,
    "secondary-403-retry-after": ThrottleKind.SECONDARY,
    "secondary-403-too-quickly": ThrottleKind.SECONDARY,
    "secondary-429": ThrottleKind.SECONDARY,
    "secondary-429-retry-after": ThrottleKind.SECONDARY,
}


@pytest.mark.parametrize("form", REFUSALS)
def test_every_form_of_refusal(sandbox: Running, faults: Callable[..., None], form: str) -> None:
    faults({"refusal": form}, operation="Index")

    async def ask(api: GitHubApi) -> Any:
        repo = await found(api, "sandbox/demo")
        return await api.list_pull_requests(repo, Order.CREATED_ASC, None, Source.GRAPHQL, 49), api.clock.now()

    outcome, now = use(sandbox, ask)
    assert isinstance(outcome, Throttled)
    assert outcome.kind is REFUSALS[form]
    assert outcome.until > now


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        ({"disconnect": "before"}, Broken),
        ({"disconnect": "within"}, Broken),
        ({"truncate": 0.5}, Broken),
        ({"status": 500}, Broken),
        ({"html": True, "status": 502}, TooHeavy),
        ({"status": 504}, TooHeavy),
        ({"expire_token": True}, Denied),
    ],
)
def test_faults_that_stay(sandbox: Running, faults: Callable[..., None], effect: dict[str, Any], kind: type) -> None:
    async def ask(api: GitHubApi) -> Any:
        repo = await found(api, "sandbox/demo")
        _, targets = await walk(api, repo, Source.REST)
        faults(effect, operation="Hydrate")
        return await api.hydrate(repo, targets[:29], HYDRATE_KINDS, Source.GRAPHQL)

    assert isinstance(use(sandbox, ask), kind)


@pytest.mark.parametrize("effect", [{"disconnect": "before"}, {"truncate": 0.5}, {"status": 503}])
def test_faults_that_pass(sandbox: Running, faults: Callable[..., None], effect: dict[str, Any]) -> None:
    async def ask(api: GitHubApi) -> Any:
        repo = await found(api, "sandbox/demo")
        faults(effect, operation="Index", nth=[1, 2])
        return await api.list_pull_requests(repo, Order.CREATED_ASC, None, Source.GRAPHQL, 49)

    assert isinstance(use(sandbox, ask), Page)


def test_null_nodes_are_failures_of_their_own(sandbox: Running, faults: Callable[..., None]) -> None:
    faults({"null_nodes": {"path": ["nodes", "reviews", "nodes"], "every": 2, "type": "INTERNAL"}}, operation="Hydrate")

    async def ask(api: GitHubApi) -> Any:
        repo = await found(api, "sandbox/demo")
        _, targets = await walk(api, repo, Source.REST)
        return await api.hydrate(repo, targets[:29], HYDRATE_KINDS, Source.GRAPHQL)

    outcome = use(sandbox, ask)
    assert isinstance(outcome, Partial)
    broken = {each.kind for each in outcome.data.readings if each.broken}
    assert broken == {Kind.REVIEWS}
    assert outcome.data.failed == []


def test_another_questions_answer_is_not_taken_for_the_one_asked_for(
    sandbox: Running, faults: Callable[..., None]
) -> None:
    async def ask(api: GitHubApi) -> Any:
        repo = await found(api, "sandbox/demo")
        _, targets = await walk(api, repo, Source.REST)
        faults({"body": answer_about(sandbox, [each.node_id for each in targets[:5]])}, operation="Hydrate")
        return await api.hydrate(repo, targets[5:10], HYDRATE_KINDS, Source.GRAPHQL)

    outcome = use(sandbox, ask)
    assert len(outcome.data.failed) == 5
    assert outcome.data.records == Records()


def test_a_reordered_page_holds_the_same(sandbox: Running, faults: Callable[..., None]) -> None:
    faults({"page": "reorder"}, operation="Hydrate")

    async def ask(api: GitHubApi) -> Any:
        repo = await found(api, "sandbox/demo")
        _, targets = await walk(api, repo, Source.REST)
        return targets, await api.hydrate(repo, targets[:29], HYDRATE_KINDS, Source.GRAPHQL)

    targets, outcome = use(sandbox, ask)
    assert outcome.data.failed == []
    assert {row.id for row in outcome.data.records.pull_requests} == {each.pull_request_id for each in targets[:29]}


def test_a_forgotten_cursor_is_told_apart(sandbox: Running, faults: Callable[..., None]) -> None:
    async def ask(api: GitHubApi) -> Any:
        repo = await found(api, "sandbox/demo")
        first = await api.list_pull_requests(repo, Order.CREATED_ASC, None, Source.GRAPHQL, 20)
        assert isinstance(first, Page)
        faults({"expire_cursor": True}, operation="Index")
        return await api.list_pull_requests(repo, Order.CREATED_ASC, first.data.next_cursor, Source.GRAPHQL, 20)

    outcome = use(sandbox, ask)
    assert isinstance(outcome, Broken)
    assert outcome.cursor_lost


def test_one_wrong_date_does_not_move_time(sandbox: Running, faults: Callable[..., None]) -> None:
    async def ask(api: GitHubApi) -> list[str]:
        repo = await found(api, "sandbox/demo")
        faults({"date_offset_s": 86_400}, operation="Index", nth=2)
        pages = [await api.list_pull_requests(repo, Order.CREATED_ASC, None, Source.GRAPHQL, 5) for _ in range(3)]
        return [page.data.requested_at for page in pages if isinstance(page, Page)]

    times = use(sandbox, ask)
    assert times == sorted(times)
    assert times[0][:10] == times[1][:10] or times[1] < times[2]


def key_pair() -> tuple[str, str]:
    """An app's private key and its public one."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    form, public = serialization.PrivateFormat.PKCS8, serialization.PublicFormat.SubjectPublicKeyInfo
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return private.decode(), key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()


def test_an_app_signs_in_for_a_repository(serve: Start, tmp_path: Path) -> None:
    pem, public = key_pair()
    tokens = tmp_path / "tokens.json"
    installation = {"id": 77, "account": "sandbox"}
    tokens.write_text(json.dumps({"apps": [{"id": 12, "public_key": public, "installations": [installation]}]}))
    running = serve("--tokens", tokens, "--repo", "sandbox/demo=generate:5")
    clock = ServerClock()
    for app_id, expected in (("12", Page), ("13", Denied)):
        credential = AppInstallation(app_id, Secret(pem), "sandbox/demo", ApiAddress.parse(running.url), clock)
        outcome = use(
            running, lambda api: api.look_up_repository("sandbox/demo", Source.GRAPHQL), credential=credential
        )
        assert isinstance(outcome, expected), outcome
        if isinstance(outcome, Page):
            assert outcome.data.principal == "installation:77"
