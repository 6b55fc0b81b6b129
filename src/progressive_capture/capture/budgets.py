"""The budgets of all processes as the port that requests go through: the store's exchange in a worker thread."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from progressive_capture.domain.budget import Lease, Settlement, Wait, Want
from progressive_capture.store import budgets
from progressive_capture.store.database import Database


@dataclass(frozen=True, slots=True)
class SharedBudgets:
    """One credential's way to the budgets that the database keeps for its principal."""

    database: Database
    host_id: int
    server_time: Callable[[], datetime]
    random: Callable[[], float]
    """A number from 0, below 1."""
    is_gone: Callable[[str], bool]

    async def exchange(self, settle: Settlement | None, want: Want | None) -> Lease | Wait | None:
        """Settle the request that ended, and ask leave for the next; see `domain.budget.Budgets`."""
        return await asyncio.to_thread(self._exchange, settle, want)

    def _exchange(self, settle: Settlement | None, want: Want | None) -> Lease | Wait | None:
        # What a loss of power takes away here, GitHub's next answer tells again: no flush of the disk.
        with self.database.transaction(durable=False) as connection:
            return budgets.exchange(
                connection,
                self.host_id,
                settle=settle,
                want=want,
                now=self.server_time(),
                jitter=self.random(),
                is_gone=self.is_gone,
            )
