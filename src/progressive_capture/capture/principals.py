"""Whose budget each token uses, remembered by its fingerprint; the token itself is not known here."""

import asyncio
from dataclasses import dataclass

from progressive_capture.domain.scope import stamp
from progressive_capture.github.clock import ServerClock
from progressive_capture.store import budgets
from progressive_capture.store.database import Database


@dataclass(frozen=True, slots=True)
class KnownPrincipals:
    """Whose budget each credential uses, remembered in the database."""

    database: Database
    host_id: int
    clock: ServerClock

    async def recall(self, fingerprint: str) -> str | None:
        """Whose it is, None when nobody asked before."""
        return await asyncio.to_thread(self._recall, fingerprint)

    async def remember(self, fingerprint: str, principal: str) -> None:
        """Keep it."""
        await asyncio.to_thread(self._remember, fingerprint, principal)

    def _recall(self, fingerprint: str) -> str | None:
        with self.database.reading() as connection:
            return budgets.find_principal(connection, self.host_id, fingerprint)

    def _remember(self, fingerprint: str, principal: str) -> None:
        with self.database.transaction() as connection:
            budgets.save_principal(connection, self.host_id, fingerprint, principal, stamp(self.clock.now()))
