"""Shards cut to what a lane takes: what is done stays done, the rest becomes shards; nothing is stored here."""

from collections.abc import Sequence
from typing import Final

from progressive_capture.capture.checkpoint import Spec, decode_checkpoint, decode_spec, encode
from progressive_capture.domain.jobs import Processor, Shard
from progressive_capture.domain.routing import SHARD_ITEMS

MOST: Final = SHARD_ITEMS[Processor.INNGEST]


def cut(shard: Shard, lane: Processor) -> Sequence[str]:
    """Give the specs that a shard becomes in a lane: the first replaces its own, the others are new.

    The bulk lane takes it as it is. In the real-time lane no shard has more than 100 pull requests left; the first one
    keeps those that its checkpoint calls done.
    """
    if lane is not Processor.INNGEST:
        return [shard.spec]
    spec = decode_spec(shard.spec)
    first = decode_checkpoint(shard.checkpoint).done + MOST
    if len(spec.numbers) <= first:
        return [shard.spec]
    parts = [spec.numbers[:first]]
    parts += [spec.numbers[begin : begin + MOST] for begin in range(first, len(spec.numbers), MOST)]
    return [encode(Spec(scope=spec.scope, numbers=numbers)) for numbers in parts]
