"""No secret is in anything that is stored, told to an engine or logged, whatever runs and whatever goes wrong."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.operator.logs import configure
from progressive_capture.store.tables import METADATA
from tests.contract.engines.plants import OnActions, OnInngest, Plant, Remote, plant
from tests.support.little_inngest import EVENT_KEY, KEY

pytestmark = pytest.mark.anyio

# An installation's token as GitHub makes them now, of several parts with dots and dashes, and one of before.
LONG = f"ghs_4711_eyJhbGciOiJSUzI1NiJ9.eyJpc3Mi{'aB3-' * 40}.{'x_Y9' * 30}"
SHORT = "ghs_" + "1a2B" * 9
STARTS_RUNS = "github_pat_" + "5e6F" * 18
LINE_OF_KEY = "MIIEowIBAAKCAQEA" + "q7Zt" * 12
APP_KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{LINE_OF_KEY}\n-----END RSA PRIVATE KEY-----\n"
SETTINGS = {
    "PC_GITHUB_TOKENS": f"{LONG},{SHORT}",
    "PC_ACTIONS_TOKEN": STARTS_RUNS,
    "PC_APP_ID": "4711",
    "PC_APP_PRIVATE_KEY": APP_KEY,
    "INNGEST_EVENT_KEY": EVENT_KEY,
    "INNGEST_SIGNING_KEY": KEY,
    "PC_INNGEST_ENGINE": "local",
}
AGAIN = Scope(full=True, source=SourceChoice.REST)


@pytest.mark.parametrize("name", list(EngineName))
async def test_no_secret_is_in_what_is_stored_told_or_logged(name: EngineName, pg_url: str) -> None:
    password = urlsplit(pg_url).password
    assert password
    secrets = [LONG, SHORT, STARTS_RUNS, LINE_OF_KEY, KEY, EVENT_KEY, password]
    log = io.StringIO()
    async with plant(name, pg_url, **SETTINGS) as made:
        configure(log, debug=True, known=made.wired.settings.secret_texts)
        await all_that_can_go_wrong(made, " and ".join(secrets))
        stored = {table: made.rows(table) for table in METADATA.tables}
        told = [made.told, given_to(made)]
    # What follows would find nothing, had nothing been written.
    assert "the library was given" in log.getvalue()
    assert {"completed", "failed"} <= {row["event"] for row in stored["job_events"]}
    everything = log.getvalue() + repr(stored) + repr(told)
    assert [each for each in (*secrets, KEY.rpartition("-")[2]) if each in everything] == []


async def all_that_can_go_wrong(made: Plant, quoted: str) -> None:
    """A job that runs; one that breaks on an error that quotes all secrets; an engine that refuses, then is silent."""
    await made.ask()
    await made.dispatch()
    await made.work()
    made.later(timedelta(hours=1))
    await made.ask(AGAIN)
    await made.dispatch()
    made.office.github.before = breaking(quoted)
    await made.work()
    made.office.github.before = nothing
    made.later(timedelta(hours=2))
    await made.reconcile()
    if isinstance(made, Remote):
        made.refuse()
        await made.dispatch()
        made.later(timedelta(hours=1))
        made.fall_silent()
        await made.dispatch()
        assert not (await made.engine.ping()).answers


def breaking(quoted: str) -> Callable[[str], None]:
    def fail(_: str) -> None:
        raise RuntimeError(f"the library was given {quoted}")

    return fail


def nothing(_: str) -> None:
    """Let GitHub answer."""


def given_to(made: Plant) -> Any:
    """All that reached the engine, but for the addresses and headers that carry its key."""
    match made:
        case OnInngest():
            return made.inngest.sent, made.inngest.functions
        case OnActions():
            return made.github.started, made.github.runs
        case _:
            return None
