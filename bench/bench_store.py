"""How long the store takes for pages of pull requests: 100 of them, each with about 28 rows below it.

Run as `python bench/bench_store.py DATABASE_URL…`; each database is filled, and should be a new one.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, Source
from progressive_capture.domain.records import CompletenessRow, Records, ThreadTotalRow
from progressive_capture.store.closing import count_read
from progressive_capture.store.completeness import save_completeness
from progressive_capture.store.database import Database
from progressive_capture.store.index import save_index
from progressive_capture.store.rows import save_followed, save_hydrated
from progressive_capture.store.staleness import stale_numbers
from tests.contract import store_rows as make

PAGE = 100
HOST = 1
REPOSITORY = 77


def hydrated(first: int) -> Records:
    """One page: 3 reviews, 3 threads, 5 issue comments, 3 commits and 9 files a pull request, and their authors."""
    records = Records(contributors=[make.contributor(first % 5_000 + number) for number in range(60)])
    for number in range(first, first + PAGE):
        base = number * 100
        body = f"A body of some length, as people write them. {number} " * 12
        records.pull_requests.append(make.pull_request(number, body=body, body_text=body))
        records.pr_reviews += [make.review(base + k, number, body=body[:80]) for k in range(3)]
        records.pr_review_threads += [make.thread(f"PRRT_{base + k}", number) for k in range(3)]
        records.pr_issue_comments += [make.issue_comment(base + k, number, body=body) for k in range(5)]
        records.pr_commits += [make.commit(f"{base + k:040x}", number, position=k) for k in range(3)]
        records.pr_files += [make.file(f"src/package/module_{base + k}.py", number) for k in range(9)]
    return records


def followed(first: int) -> Records:
    """The comments of its threads: 5 a pull request."""
    records = Records()
    for number in range(first, first + PAGE):
        base, hunk = number * 100, "@@ -1,3 +1,9 @@\n" + " a line of code\n" * 12
        threads = [f"PRRT_{base + k % 3}" for k in range(5)]
        records.pr_review_comments += [
            make.review_comment(base + k, number, thread_node_id=threads[k], diff_hunk=hunk) for k in range(5)
        ]
        records.thread_totals += [ThreadTotalRow(f"PRRT_{base + k}", 2 - k // 2) for k in range(3)]
    return records


def pages(count: int) -> Iterator[tuple[int, str, Records, Records]]:
    """Make pages of different pull requests."""
    for page in range(count):
        yield page * PAGE + 1, make.T0, hydrated(page * PAGE + 1), followed(page * PAGE + 1)


def store(database: Database, first: int, at: str, page: Records, more: Records) -> dict[str, float]:
    """Store one page as a capture does; milliseconds by step."""
    numbers = [1_000 + number for number in range(first, first + PAGE)]
    place = (HOST, REPOSITORY)
    times = [time.perf_counter()]
    with database.transaction() as connection:
        accepted = save_hydrated(connection, *place, source=Source.GRAPHQL, captured_at=at, records=page)
        times.append(time.perf_counter())
        generations = dict.fromkeys(accepted, at)
        save_followed(connection, *place, source=Source.GRAPHQL, generations=generations, records=more)
        times.append(time.perf_counter())
        counts = count_read(connection, HOST, [(number, Kind.REVIEW_COMMENTS, at) for number in numbers])
        kinds = sorted(HYDRATE_KINDS)
        rows = [
            make.known(number - 1_000, kind, stored=counts.get((number, kind))) for number in numbers for kind in kinds
        ]
        times.append(time.perf_counter())
        save_completeness(connection, *place, generations, rows)
        times.append(time.perf_counter())
    times.append(time.perf_counter())
    steps = ("hydrated", "followed", "closed", "completeness", "commit")
    return {step: (after - before) * 1_000 for step, before, after in zip(steps, times, times[1:], strict=False)}


def listed(database: Database, first: int) -> float:
    """Store one page of the list; milliseconds."""
    records = Records(index=[make.index_row(number) for number in range(first, first + PAGE)])
    place = (HOST, REPOSITORY)
    rows: list[CompletenessRow] = []
    began = time.perf_counter()
    with database.transaction() as connection:
        save_index(connection, *place, listed_at=make.T0, source=Source.REST, records=records, completeness=rows)
    return (time.perf_counter() - began) * 1_000


def measure(url: str, count: int) -> None:
    """Fill one database and print the medians."""
    database = Database.open(url)
    database.migrate()
    index = [listed(database, page * PAGE + 1) for page in range(count)]
    for what, at in (("first", make.T0), ("again", make.T1)):
        runs = [store(database, first, at, page, more) for first, _, page, more in pages(count)]
        steps = {step: statistics.median(run[step] for run in runs) for step in runs[0]}
        rows = steps["hydrated"] + steps["followed"]
        print(f"{database.dialect} {what}: rows {rows:.1f} ms, all {sum(steps.values()):.1f} ms", end="; ")
        print(", ".join(f"{step} {took:.1f}" for step, took in steps.items()))
    began = time.perf_counter()
    with database.reading() as connection:
        stale = stale_numbers(connection, HOST, REPOSITORY, kinds=HYDRATE_KINDS)
    took = (time.perf_counter() - began) * 1_000
    print(f"{database.dialect}: list page {statistics.median(index):.1f} ms", end="; ")
    print(f"{len(stale)} stale of {count * PAGE} found in {took:.0f} ms")
    database.close()


def main() -> None:
    """Measure every database named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="+")
    parser.add_argument("--pages", type=int, default=50)
    arguments = parser.parse_args()
    for url in arguments.url:
        measure(url, arguments.pages)


if __name__ == "__main__":
    main()
