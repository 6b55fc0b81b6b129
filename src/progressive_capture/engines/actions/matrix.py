"""How the parts of a job are dealt out to runs side by side; what each part is stands in the database."""

import heapq
import math
from collections.abc import Mapping
from typing import Final

from progressive_capture.capture.checkpoint import decode_checkpoint, decode_spec
from progressive_capture.domain.jobs import UNSETTLED, Processor
from progressive_capture.domain.routing import SHARD_ITEMS
from progressive_capture.store import jobs
from progressive_capture.store.database import Database

MOST: Final = 256
"""Jobs of one matrix. https://docs.github.com/en/actions/reference/limits"""

ITEMS: Final = SHARD_ITEMS[Processor.GITHUB_ACTIONS]


def parts_left(database: Database, job_id: str) -> dict[int, int]:
    """Pull requests that are left to do in each unsettled shard of a job.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        unsettled = [shard for shard in jobs.shards(connection, job_id) if shard.state in UNSETTLED]
    return {
        shard.k: max(0, len(decode_spec(shard.spec).numbers) - decode_checkpoint(shard.checkpoint).done)
        for shard in unsettled
    }


def entries(left: Mapping[int, int], principals: int) -> list[str]:
    """Deal shards out, `K` or `K,K`: one hand for each principal, and one for each 30,000 pull requests.

    Each run bills its begun minute, and more runs than principals wait for one another, so that many small shards
    share one.
    """
    hands = min(MOST, len(left), max(principals, math.ceil(sum(left.values()) / ITEMS)))
    heap: list[tuple[int, int, list[int]]] = [(0, number, []) for number in range(hands)]
    for k in sorted(left, key=lambda k: (-left[k], k)):
        weight, number, hand = heapq.heappop(heap)
        heapq.heappush(heap, (weight + left[k] + 1, number, [*hand, k]))
    dealt = sorted(sorted(hand) for _, _, hand in heap)
    return [",".join(map(str, hand)) for hand in dealt]
