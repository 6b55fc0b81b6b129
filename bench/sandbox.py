"""How fast the sandbox serves: the hydrate query over 2,000 prebuilt pull requests, over HTTP, its server on one core.

Run as `python -m bench.sandbox`; prints a table and exits 1 when a figure misses its bar. The best of several rounds is
taken. The rate is that of a second of the server's core, so that other work on the machine counts against it little;
the rate by the clock is printed beside it.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil

PULL_REQUESTS = 2_000
MANY = 100_000
PAGE = 29
CONNECTIONS = 2
ROUNDS = 5
FIRST_MS, REPEATED_MS, PER_SECOND = 60.0, 20.0, 3_000.0

INDEX = """query($after: String) { repository(owner: "bench", name: "app") {
  pullRequests(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }"""

HYDRATE = """
query($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on PullRequest {
      id number databaseId fullDatabaseId title body state isDraft locked activeLockReason merged mergedAt closed
      closedAt createdAt updatedAt publishedAt lastEditedAt authorAssociation additions deletions changedFiles
      baseRefName baseRefOid headRefName headRefOid isCrossRepository maintainerCanModify reviewDecision
      totalCommentsCount url
      permalink author { ...Person } mergedBy { ...Person } mergeCommit { oid } headRepository { nameWithOwner }
      reviews(first: 100) { ...Whole nodes {
        id databaseId fullDatabaseId author { ...Person } authorAssociation body state submittedAt createdAt updatedAt
        publishedAt lastEditedAt isMinimized url commit { oid } } }
      comments(first: 100) { ...AllComments nodes {
        id databaseId fullDatabaseId author { ...Person } authorAssociation body createdAt updatedAt publishedAt
        lastEditedAt isMinimized url } }
      reviewThreads(first: 100) { ...AllThreads nodes {
        id isResolved isOutdated isCollapsed path line startLine originalLine originalStartLine diffSide startDiffSide
        subjectType resolvedBy { id databaseId login } } }
      commits(first: 100) { ...AllCommits nodes { id url commit {
        oid message messageHeadline authoredDate committedDate changedFilesIfAvailable
        author { name email date user { id databaseId login } } } } }
      files(first: 100) { ...AllFiles nodes { path additions deletions changeType viewerViewedState } }
    }
  }
  rateLimit { cost limit nodeCount remaining resetAt used }
}
fragment Person on Actor {
  __typename login url avatarUrl
  ... on User { id databaseId name } ... on Bot { id databaseId } ... on Mannequin { id databaseId }
  ... on Organization { id databaseId name }
}
fragment Whole on PullRequestReviewConnection { totalCount pageInfo { hasNextPage endCursor } }
fragment AllComments on IssueCommentConnection { totalCount pageInfo { hasNextPage endCursor } }
fragment AllThreads on PullRequestReviewThreadConnection { totalCount pageInfo { hasNextPage endCursor } }
fragment AllCommits on PullRequestCommitConnection { totalCount pageInfo { hasNextPage endCursor } }
fragment AllFiles on PullRequestChangedFileConnection { totalCount pageInfo { hasNextPage endCursor } }
"""


@dataclass(frozen=True)
class Figure:
    """One measured value and the bar that it must meet."""

    name: str
    value: float
    bar: float
    more_is_better: bool

    @property
    def met(self) -> bool:
        """Say whether the bar is met."""
        return self.value >= self.bar if self.more_is_better else self.value <= self.bar


class Client:
    """One kept-alive connection that sends GraphQL and hands back the bytes."""

    def __init__(self, address: str) -> None:
        """Connect to `http://host:port`."""
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def post(self, body: bytes) -> bytes:
        """Send one request body; RuntimeError when the answer is not 200."""
        headers = {"authorization": "bearer bench", "content-type": "application/json", "user-agent": "bench"}
        self._connection.request("POST", "/graphql", body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"the sandbox answered {response.status}: {answer[:200]!r}")
        return answer

    def timed(self, body: bytes) -> float:
        """Send one request body and give the milliseconds until all of the answer is there."""
        start = time.perf_counter()
        self.post(body)
        return (time.perf_counter() - start) * 1_000


@contextmanager
def served(pull_requests: int) -> Iterator[tuple[str, psutil.Process]]:
    """Run the sandbox on one core, and this program on the others; give its address and process."""
    source = f"bench/app=generate:{pull_requests}"
    command = [sys.executable, "-m", "github_sandbox", "serve", "--port", "0", "--points", "1000000", "--repo", source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, _pinned(server.pid):
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line.startswith("ready "):
                raise RuntimeError("the sandbox did not start; run `github-sandbox serve` to see why")
            yield line.split()[1], psutil.Process(server.pid)
        finally:
            server.terminate()


@contextmanager
def _pinned(server: int) -> Iterator[None]:
    """Give the server a core of its own where the system can, and this program all cores back at the end."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(server, cores[:1])
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _request(query: str, variables: dict[str, object]) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def node_ids(client: Client) -> list[str]:
    """Walk the index."""
    found: list[str] = []
    after = None
    while True:
        answer = json.loads(client.post(_request(INDEX, {"after": after})))
        page = answer["data"]["repository"]["pullRequests"]
        found += [each["id"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def hydrate_all(address: str, server: psutil.Process, bodies: list[bytes]) -> tuple[float, float]:
    """Send all bodies over some connections at once; give the seconds of the server's core, and of the clock."""

    def work(mine: list[bytes]) -> None:
        client = Client(address)
        for body in mine:
            client.post(body)

    used, start = _core_seconds(server), time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(work, [bodies[each::CONNECTIONS] for each in range(CONNECTIONS)]))
    return _core_seconds(server) - used, time.perf_counter() - start


def _core_seconds(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system)


def measure() -> list[Figure]:
    """Start a sandbox and take all figures."""
    with served(PULL_REQUESTS) as (address, server):
        client = Client(address)
        ids = node_ids(client)
        pages = [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)]

        def bodies(text: str) -> list[bytes]:
            """Ask HYDRATE in a text of its own, which the sandbox has to read anew."""
            return [_request(f"# {text}\n{HYDRATE}", {"ids": page}) for page in pages]

        hydrate_all(address, server, bodies("make all children"))
        first = min(client.timed(bodies(f"round {each}")[each]) for each in range(ROUNDS))
        repeated = min(client.timed(bodies("round 0")[0]) for _ in range(ROUNDS))
        rounds = [hydrate_all(address, server, bodies("round 0")) for _ in range(ROUNDS)]
        size = sum(len(client.post(body)) for body in bodies("round 0")) / len(ids)
    core, clock = (len(ids) / min(each) for each in zip(*rounds, strict=True))
    print(f"{len(ids):,} pull requests, {PAGE} a page, {size / 1_000:.1f} kB each, {CONNECTIONS} connections")
    print(f"by the clock: {clock:,.0f} pull requests a second")
    return [
        Figure("first document, ms", first, FIRST_MS, more_is_better=False),
        Figure("repeated page, ms", repeated, REPEATED_MS, more_is_better=False),
        Figure("pull requests a core second", core, PER_SECOND, more_is_better=True),
    ]


def measure_start() -> str:
    """Start a sandbox over many pull requests; tell how long that takes and what it holds, which have no bar."""
    start = time.perf_counter()
    with served(MANY) as (address, server):
        ready, empty = time.perf_counter() - start, server.memory_info().rss
        walked = len(node_ids(Client(address)))
        full = server.memory_info().rss
    return (
        f"{walked:,} pull requests: ready after {ready:.1f} s with {empty / 1e6:,.0f} MB, "
        f"{full / 1e6:,.0f} MB once all were listed"
    )


def main() -> int:
    """Print the figures; give 1 when one misses its bar."""
    print(measure_start())
    figures = measure()
    for each in figures:
        sign = "at least" if each.more_is_better else "at most"
        print(f"{each.name:<36} {each.value:>10,.1f}   {sign} {each.bar:,.0f}   {'ok' if each.met else 'MISSED'}")
    return 0 if all(each.met for each in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
