"""The job table and its shards: the record of all work, and who may do which part of it."""

from progressive_capture.store.jobs.life import find_open, get, open_job, record_event, set_forecast
from progressive_capture.store.jobs.shards import (
    add_shards,
    claim_shard,
    newest_walk,
    release,
    renew,
    settle_shard,
    shards,
    write_checkpoint,
)

__all__ = [
    "add_shards",
    "claim_shard",
    "find_open",
    "get",
    "newest_walk",
    "open_job",
    "record_event",
    "release",
    "renew",
    "set_forecast",
    "settle_shard",
    "shards",
    "write_checkpoint",
]
