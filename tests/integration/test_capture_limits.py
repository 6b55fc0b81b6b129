"""Budgets and credentials at their ends: limits are waited for, pages shrink, tokens are renewed, REST stands in."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.capturing import Desk
from tests.support.stand_ins import Start

NAME = "sandbox/demo"


@pytest.mark.parametrize("source", ["graphql", "auto"])
def test_pages_that_are_too_heavy_shrink_and_nothing_is_lost(serve: Start, sqlite_url: str, source: str) -> None:
    running = serve("--repo", f"{NAME}=generate:60", "--ms-per-pr", "700")
    with Desk(running, sqlite_url) as desk:
        captured = desk.capture(NAME, source)
        assert captured.gap_count == 0
        assert desk.differences(NAME, source) == []
        sizes = {row["operation"]: row["size"] for row in desk.rows("page_sizes")}
        assert 1 <= sizes["hydrate"] <= 14  # 10 s at 0.7 s each
        desk.told.steps.clear()
        desk.time.advance(60)
        desk.capture(NAME, source, full=True)
        first = next(step for step in desk.told.steps if step.phase == "hydrate")
        assert first.done <= sizes["hydrate"]  # what it learnt is remembered


@pytest.mark.parametrize("source", ["graphql", "rest", "auto"])
def test_an_exhausted_budget_is_waited_for(serve: Start, mostly_sqlite_url: str, source: str) -> None:
    size, points = {"graphql": (60, "5"), "auto": (60, "5"), "rest": (14, "40")}[source]
    with Desk(serve("--repo", f"{NAME}=generate:{size}", "--points", points), mostly_sqlite_url) as desk:
        captured = desk.capture(NAME, source)
        assert captured.gap_count == 0
        assert captured.waited_seconds >= 60
        assert desk.told.waits
        assert desk.differences(NAME, source) == []


def test_rest_stands_in_while_graphql_is_broken_and_graphql_comes_back(serve: Start, sqlite_url: str) -> None:
    running = serve("--repo", f"{NAME}=generate:60", "--points", "1000000")
    with Desk(running, sqlite_url) as desk:
        broken = {"operation": "Hydrate", "nth": {"from": 2, "to": 12}}
        desk.spoil({"name": "broken", "match": broken, "effect": {"status": 502}})
        desk.told.on_step = lambda step: desk.time.advance(20 if step.phase == "hydrate" else 0)
        captured = desk.capture(NAME)
        assert captured.gap_count == 0
        assert desk.differences(NAME) == []
        assert any("GraphQL" in note for note in desk.told.notes)
        sources = [row["source"] for row in desk.rows("pull_requests")]
        assert set(sources) == {"graphql", "rest"}
        desk.spoil()
        desk.time.advance(600)
        again = desk.capture(NAME)
        assert again.pull_requests == sources.count("rest")
        assert {row["source"] for row in desk.rows("pull_requests")} == {"graphql"}
        assert desk.differences(NAME) == []


@pytest.mark.parametrize("route", ["pulls", "contributors"])
def test_nothing_that_graphql_can_give_waits_for_a_budget_of_rest(serve: Start, sqlite_url: str, route: str) -> None:
    with Desk(serve("--repo", f"{NAME}=generate:12", "--points", "1000000"), sqlite_url) as desk:
        match = {"route": f"GET /repos/{{owner}}/{{repo}}/{route}", "nth": {"from": 1, "to": 3}}
        desk.spoil({"name": "spent", "match": match, "effect": {"refusal": "primary-403"}})
        waited: list[int] = []
        desk.told.on_step = lambda step: waited.append(len(desk.told.waits)) if step.phase == "index" else None
        captured = desk.capture(NAME)
        assert captured.gap_count == 0
        assert set(waited) == {0}
        assert {row["source"] for row in desk.rows("pull_request_index")} == {"graphql"}
        assert desk.differences(NAME) == []
        counted = [row["contributors_total"] is not None for row in desk.rows("repositories")]
        assert counted == [route == "pulls"]
        desk.spoil()
        desk.time.advance(3_700)
        assert desk.capture(NAME).gap_count == 0
        assert desk.rows("repositories")[0]["contributors_total"]


SECONDARY = f"{NAME}=generate:155"
"""By REST more than the 900 requests that a minute may hold."""


@pytest.mark.faults
def test_secondary_limits_are_waited_out(serve: Start, sqlite_url: str) -> None:
    """Without pacing of our own GitHub refuses; every refusal is waited for as it asks."""
    with Desk(serve("--repo", SECONDARY, "--secondary", "--points", "1000000"), sqlite_url) as desk:
        captured = desk.capture(NAME, "rest")
        assert desk.stats()["refused"] >= 1
        assert captured.gap_count == 0
        assert captured.waited_seconds >= 1
        assert desk.differences(NAME, "rest") == []


@pytest.mark.faults
def test_our_own_pace_keeps_below_secondary_limits(serve: Start, sqlite_url: str) -> None:
    with Desk(serve("--repo", SECONDARY, "--secondary", "--points", "1000000"), sqlite_url) as desk:
        desk.settings["PC_REST_PER_MINUTE"] = 900
        captured = desk.capture(NAME, "rest")
        assert desk.stats()["refused"] == 0
        assert captured.gap_count == 0


@pytest.mark.parametrize(
    ("asked", "first", "scope"),
    [
        ({"operation": "Index"}, 1, {"source": "graphql"}),
        ({"operation": "Hydrate"}, 2, {"source": "graphql"}),
        ({"route": "/repos/{owner}/{repo}/pulls/{pull_number}/files"}, 1, {"source": "auto", "patches": True}),
    ],
)
def test_a_token_that_is_revoked_while_it_works_leaves_its_work_to_the_others(  # noqa: PLR0917 - fixtures and cases
    serve: Start,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, str],
    first: int,
    scope: dict[str, Any],
) -> None:
    """Of two shards the one that the refused token has begun is gone on with by the other, after its own."""
    monkeypatch.setattr("progressive_capture.capture.index.SHARD_MIN", 30)
    with Desk(serve("--repo", f"{NAME}=generate:66"), sqlite_url, tokens="ann,bea") as desk:
        revoked = {"match": {**asked, "token": "ann", "nth": {"from": first}}}
        desk.spoil({"name": "revoked", **revoked, "effect": {"expire_token": True}})
        captured = desk.capture(NAME, **scope)
        assert captured.gap_count == 0
        assert desk.differences(NAME, **scope) == []
        assert {row["k"] for row in desk.rows("job_shards")} == {0, 1, 2}
        (note,) = desk.told.notes
        assert "Token 1 of 2: GitHub does not accept the token" in note
        assert "ann" not in note
        assert desk.stats()["faults"] == {"revoked": 1}


def app_files(folder: Path) -> tuple[Path, str]:
    """A registered App for the sandbox, and its private key for the program."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    app = {"id": 7, "public_key": public.decode(), "installations": [{"id": 70, "account": "sandbox"}]}
    tokens = folder / "apps.json"
    tokens.write_text(json.dumps({"apps": [app]}))
    return tokens, private.decode()


@pytest.mark.parametrize("how", ["before its time", "by age"])
def test_an_apps_token_that_expires_is_renewed(serve: Start, sqlite_url: str, tmp_path: Path, how: str) -> None:
    tokens, key = app_files(tmp_path)
    running = serve("--repo", f"{NAME}=generate:60", "--tokens", tokens)
    with Desk(running, sqlite_url, tokens="", settings={"PC_APP_ID": "7", "PC_APP_PRIVATE_KEY": key}) as desk:
        if how == "by age":
            desk.told.on_step = lambda _: desk.time.advance(1_000)
        else:
            expired = {"match": {"operation": "Hydrate", "nth": 2}, "effect": {"expire_token": True}}
            desk.spoil({"name": "expired", **expired})
        desk.reset_stats()
        assert desk.capture(NAME).gap_count == 0
        assert desk.differences(NAME) == []
        assert {row["principal"] for row in desk.rows("budgets")} == {"installation:70"}
        asked = desk.stats()["rest"]["by_route"]
        minted = sum(count for route, count in asked.items() if "access_tokens" in route)
        assert minted == 2 if how == "before its time" else minted >= 2
        # A token lives for an hour of the sandbox's clock, and is refused after it.
        assert desk.stats()["faults"] == {"expired": 1} if how != "by age" else len(desk.told.steps) * 1_000 > 3_600
