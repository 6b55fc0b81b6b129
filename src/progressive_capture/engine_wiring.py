"""Engines elsewhere, put together from the settings: the part of the composition root that brings SDKs with it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from pydantic import SecretStr

from progressive_capture.capture.session import Tools
from progressive_capture.domain.jobs import EngineName
from progressive_capture.engines.actions.api import ActionsApi
from progressive_capture.engines.actions.engine import ActionsEngine
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.secrets import Secret
from progressive_capture.queue.engine import Engine
from progressive_capture.settings import Settings, SettingsError
from progressive_capture.store.database import Database

if TYPE_CHECKING:
    import httpx

    from progressive_capture.engines.inngest.api import InngestApi

CRON: Final = "cron"
"""The part of a process that sees to duties when Inngest calls."""

CRONS_FIRST: Final = timedelta(minutes=10)
"""How late a duty is before a worker sees to it where Inngest is to call; what is due more often it does itself."""

Transport: TypeAlias = "Callable[[], httpx.AsyncBaseTransport] | None"
"""Makes the way to Inngest in tests; None: the network."""


@asynccontextmanager
async def open_engines(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime],
    transport: Transport,
    tools_of_actions: Callable[[], AbstractAsyncContextManager[Tools]],
) -> AsyncIterator[Mapping[EngineName, Engine]]:
    """Open the way to every engine elsewhere that the settings give keys for, for as long as the context lasts.

    Raises:
        UsageError: a key cannot be used.
    """
    found: dict[EngineName, Engine] = {}
    async with AsyncExitStack() as stack:
        if settings.sends_to_inngest:
            api = await stack.enter_async_context(open_inngest(settings, transport))
            found[EngineName.INNGEST] = inngest_engine(api, settings, database, clock)
        if settings.actions_repository is not None:
            tools = await stack.enter_async_context(tools_of_actions())
            found[EngineName.GITHUB_ACTIONS] = ActionsEngine(actions_api(settings, tools), database)
        yield found


def actions_api(settings: Settings, tools: Tools) -> ActionsApi:
    """The Actions of the repository that has the workflows, asked by the credential of these tools."""
    return ActionsApi(
        github=tools.api,
        owner_name=settings.actions_repository or "",
        address=ApiAddress.parse(settings.github_api_url),
        ref=settings.actions_ref,
        pause=tools.pause,
        clock=tools.clock,
    )


@asynccontextmanager
async def open_inngest(settings: Settings, transport: Transport) -> AsyncIterator["InngestApi"]:
    """Open the way to Inngest, for as long as the context lasts.

    Raises:
        UsageError: Inngest is not set up, or a key cannot be used.
    """
    from progressive_capture.engines.inngest.api import InngestApi  # noqa: PLC0415 - brings the SDK with it
    from progressive_capture.engines.inngest.client import close_client, make_client, open_http  # noqa: PLC0415 - as above

    if not settings.serves_inngest and not settings.sends_to_inngest:
        raise SettingsError(
            "Inngest is not set up: set INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY, or INNGEST_DEV for a dev server."
        )
    keys = _secret(settings.inngest_event_key), _secret(settings.inngest_signing_key)
    client = make_client(*keys, is_dev=settings.inngest_is_dev)
    try:
        async with open_http(transport) as http:
            yield InngestApi(client, http)
    finally:
        await close_client(client)


def inngest_engine(api: "InngestApi", settings: Settings, database: Database, clock: Callable[[], datetime]) -> Engine:
    """Inngest, as the queue hands jobs to it."""
    from progressive_capture.engines.inngest.engine import InngestEngine  # noqa: PLC0415 - brings the SDK with it

    return InngestEngine(api, database, clock, timedelta(seconds=settings.inngest_head_start))


def _secret(text: SecretStr | None) -> Secret | None:
    return None if text is None else Secret(text.get_secret_value())
