"""Look-ups among which is one that GraphQL does not give: which are asked for next; nothing is asked here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from progressive_capture.capture.checkpoint import Pending

BROKEN_IN_A_ROW: Final = 5
"""Queries that fail one after the other before it is GraphQL that is out of order, and not one look-up.

One look-up in a batch fails two in a row, since both halves are asked before either is parted; two of them fail four.
"""


@dataclass(slots=True)
class Suspects:
    """Parts of batches that failed, in the order in which they are asked for."""

    parts: list[list[Pending]] = field(default_factory=list)
    in_a_row: int = 0
    """Queries that failed since one was answered."""

    def __bool__(self) -> bool:
        """Whether parts are left to be asked for."""
        return bool(self.parts)

    def broke(self, batch: Sequence[Pending]) -> bool:
        """Part a batch that failed; False once it is all of GraphQL's follow-ups that fail.

        One look-up alone cannot be parted: another way is to be found for it.
        """
        self.in_a_row += 1
        if self.in_a_row >= BROKEN_IN_A_ROW:
            self.in_a_row = 0
            self.parts.clear()
            return False
        half = len(batch) // 2
        self.parts += [list(part) for part in (batch[:half], batch[half:]) if half]
        return True

    def answered(self) -> None:
        """Believe in GraphQL again."""
        self.in_a_row = 0

    def taken(self, pending: Sequence[Pending]) -> list[Pending]:
        """Take the next part out, without what is not owed any more; empty when none is left."""
        owed = set(map(id, pending))
        while self.parts:
            if part := [each for each in self.parts.pop(0) if id(each) in owed]:
                return part
        return []
