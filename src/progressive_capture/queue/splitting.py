"""Shards cut to what a lane takes: what is done stays done, the rest becomes shards; nothing is stored here."""

from collections.abc import Callable, Sequence
from typing import Final

from progressive_capture.capture.checkpoint import Spec, decode_checkpoint, decode_spec, encode
from progressive_capture.domain.jobs import Processor, Shard
from progressive_capture.domain.routing import SHARD_ITEMS
from progressive_capture.store.jobs.values import Routing, unsplit

MOST: Final = SHARD_ITEMS[Processor.INNGEST]


def for_real_time(shard: Shard) -> Sequence[str]:
    """Give the specs that a shard becomes in the real-time lane: the first replaces its own, the others are new.

    No shard there has more than 100 pull requests left. The first keeps those that its checkpoint calls done.
    """
    spec = decode_spec(shard.spec)
    first = decode_checkpoint(shard.checkpoint).done + MOST
    if len(spec.numbers) <= first:
        return [shard.spec]
    parts = [spec.numbers[:first]]
    parts += [spec.numbers[begin : begin + MOST] for begin in range(first, len(spec.numbers), MOST)]
    return [encode(Spec(scope=spec.scope, numbers=numbers)) for numbers in parts]


def cut_for(routing: Routing) -> Callable[[Shard], Sequence[str]]:
    """How shards are cut for where a job goes: the bulk lane takes them as they are."""
    return for_real_time if routing.processor is Processor.INNGEST else unsplit
