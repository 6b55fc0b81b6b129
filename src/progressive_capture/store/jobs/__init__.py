"""The job table and its shards: the record of all work, and who may do which part of it."""

from progressive_capture.store.jobs.bulk import bulk_cancel, bulk_retry, reroute_waiting
from progressive_capture.store.jobs.claiming import claim_jobs
from progressive_capture.store.jobs.dispatching import book, dispatch_jobs, note_run, take_back
from progressive_capture.store.jobs.life import find_open, get, open_job, record_event, set_forecast
from progressive_capture.store.jobs.reading import (
    cancelled_runs,
    count_jobs,
    find_line,
    held_jobs,
    in_line,
    page_of_jobs,
)
from progressive_capture.store.jobs.releasing import leave, park, sweep_local
from progressive_capture.store.jobs.routing import reroute
from progressive_capture.store.jobs.settling import cancel, fail_shard, settle_shard
from progressive_capture.store.jobs.shards import (
    add_shards,
    claim_shard,
    count_use,
    newest_walk,
    release,
    renew,
    shards,
    used_by,
    write_checkpoint,
)
from progressive_capture.store.jobs.submitting import adopt, ask_rerun, find_for_submit, insert_job, last_completed
from progressive_capture.store.jobs.succession import retry_dead
from progressive_capture.store.jobs.values import (
    PC_CAPTURE,
    ClaimedJob,
    Claims,
    Decide,
    DispatchedJob,
    Dispatches,
    JobFilter,
    JobLine,
    OpenJob,
    Routing,
    Settling,
)

__all__ = [
    "PC_CAPTURE",
    "ClaimedJob",
    "Claims",
    "Decide",
    "DispatchedJob",
    "Dispatches",
    "JobFilter",
    "JobLine",
    "OpenJob",
    "Routing",
    "Settling",
    "add_shards",
    "adopt",
    "ask_rerun",
    "book",
    "bulk_cancel",
    "bulk_retry",
    "cancel",
    "cancelled_runs",
    "claim_jobs",
    "claim_shard",
    "count_jobs",
    "count_use",
    "dispatch_jobs",
    "fail_shard",
    "find_for_submit",
    "find_line",
    "find_open",
    "get",
    "held_jobs",
    "in_line",
    "insert_job",
    "last_completed",
    "leave",
    "newest_walk",
    "note_run",
    "open_job",
    "page_of_jobs",
    "park",
    "record_event",
    "release",
    "renew",
    "reroute",
    "reroute_waiting",
    "retry_dead",
    "set_forecast",
    "settle_shard",
    "shards",
    "sweep_local",
    "take_back",
    "used_by",
    "write_checkpoint",
]
