"""Asking for a page while the one before it is stored: what the failure of one does to the other."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from progressive_capture.capture.session import Pause

A = TypeVar("A")
S = TypeVar("S")


async def ask_while_storing(
    asking: Coroutine[Any, Any, A], storing: Coroutine[Any, Any, S]
) -> tuple[asyncio.Task[A], S]:
    """Run both; return the asking, which has ended, for its answer or failure, and what storing gave.

    A page that cannot be stored ends the asking at once; asking that fails or is put off lets the page be stored first.

    Raises:
        Exception: storing failed; the failure of asking, unless it is a pause, is its cause.
    """
    # Asked first: where one writes at a time, leave for the request would come after the page's commit.
    asked, stored = asyncio.create_task(asking), asyncio.create_task(storing)
    try:
        await asyncio.wait({asked, stored}, return_when=asyncio.FIRST_EXCEPTION)
        result = await stored
        await asyncio.wait({asked})
    except BaseException as failed:
        asked.cancel()
        unheard, _ = await asyncio.gather(asked, stored, return_exceptions=True)
        if isinstance(unheard, Exception) and not isinstance(unheard, Pause):
            raise failed from unheard
        raise
    return asked, result
