"""Answers of a stand-in to the product's own questions, got beforehand, to be given in the place of others."""

from collections.abc import Iterable
from typing import Any

from progressive_capture.domain.kinds import HYDRATE_KINDS
from progressive_capture.github.documents import hydrate
from tests.support.stand_ins import Running


def answer_about(running: Running, node_ids: Iterable[str]) -> dict[str, Any]:
    """What it answers when asked for these pull requests with all that hangs on them."""
    question = {"query": hydrate(HYDRATE_KINDS).text, "variables": {"ids": list(node_ids)}}
    with running.client() as client:
        answer: dict[str, Any] = client.post("/graphql", json=question).raise_for_status().json()
    assert all(answer["data"]["nodes"])
    return answer


def newest(running: Running, name: str, count: int) -> list[str]:
    """The node ids of a repository's newest pull requests."""
    with running.client() as client:
        listed = client.get(f"/repos/{name}/pulls?state=all&per_page={count}").raise_for_status().json()
    return [row["node_id"] for row in listed]
