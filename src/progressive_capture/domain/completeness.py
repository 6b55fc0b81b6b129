"""The judgement whether what was read is all that GitHub counts; no I/O."""

from typing import Final, NamedTuple

from progressive_capture.domain.kinds import Proof, State

READS_BEFORE_SHORT: Final = 2
"""A list read this often to its end, and still shorter than GitHub's count, is short and no more asked for."""


class Judged(NamedTuple):
    """A verdict on one kind of one pull request."""

    state: State
    reads: int
    """How often the list was read to its end without reaching GitHub's count."""


def judge(*, expected: int | None, stored: int, proof: Proof, broken: bool, truncated: bool, reads: int) -> Judged:
    """Compare GitHub's count of a kind with ours, once its list was read to the end.

    `expected` is None where the API gives no count, and the end of the list is the proof; `reads` is how often the
    same list came out short before. A broken answer is never complete, whatever the counts say.
    """
    if proof is Proof.UNAVAILABLE:
        return Judged(State.UNAVAILABLE, reads)
    if broken:
        return Judged(State.GAP, reads)
    if truncated:
        return Judged(State.TRUNCATED, reads)
    if expected is None or stored == expected:
        return Judged(State.COMPLETE, 0)
    if stored < expected and reads + 1 >= READS_BEFORE_SHORT:
        return Judged(State.SHORT, reads + 1)
    return Judged(State.GAP, reads + 1)
