"""The text of a checkpoint: what an earlier version wrote is read, and what was in the way is kept."""

from datetime import UTC, datetime

from progressive_capture.capture.checkpoint import Checkpoint, Trouble, decode_checkpoint, encode
from progressive_capture.domain.planning import Operation


def test_a_checkpoint_of_an_earlier_version_knows_of_no_trouble() -> None:
    found = decode_checkpoint('{"walk":null,"done":3,"pending":[],"details":[],"again":[],"broken":[],"renaming":[]}')
    assert (found.done, found.trouble) == (3, Trouble())


def test_what_was_in_the_way_is_read_as_it_was_written() -> None:
    until = datetime(2026, 1, 1, 12, 5, 0, 250_000, tzinfo=UTC)
    trouble = Trouble(broken_until={Operation.HYDRATE: until}, rest_list_broke=True, passed_over=4)
    assert decode_checkpoint(encode(Checkpoint(trouble=trouble))).trouble == trouble
