"""`pc inngest`: whether Inngest is set up, a job that does nothing, and the connection; how stands in other rooms."""

import secrets
from enum import StrEnum
from typing import Annotated

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import options
from progressive_capture.operator.checking import told
from progressive_capture.operator.commands.serve import WITHOUT_EXTRA, NoWorker
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.telling import Told, tell_one


class Action(StrEnum):
    """What can be done with Inngest."""

    CHECK = "check"
    TEST = "test"
    CONNECT = "connect"


def inngest(
    context: typer.Context,
    action: Annotated[Action, typer.Argument(metavar="check|test|connect", help="What to do.")],
    *,
    no_worker: NoWorker = False,
    json: options.Json = False,
) -> ExitCode:
    """Check how Inngest is set up, test it, or connect to it without an address of one's own.

    check: kinds of keys, whether Inngest answers and takes the signing key, whether the functions of this version are
    registered, and, with INNGEST_SERVE_ORIGIN, whether what is not signed is refused there; exit code 1 when something
    is missing, 2 when Inngest is not set up at all. test: sends a job that does nothing, and waits a minute for the row
    that it leaves. connect: as `pc serve`, over a connection that is opened from here.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    tasks = {Action.CHECK: _check, Action.TEST: _test}

    async def task(shift: Shift) -> Told:
        try:
            return await tasks[action](shift) if action in tasks else await _connect(shift, with_worker=not no_worker)
        except ModuleNotFoundError:
            raise UsageError(WITHOUT_EXTRA) from None

    logs = action is Action.CONNECT
    return tell_one(desk, work(desk, Settings.read(), task, create=True, logs=logs), as_json=json)


async def _check(shift: Shift) -> Told:
    from progressive_capture.engines.inngest.checking import check  # noqa: PLC0415 - not needed for --help
    from progressive_capture.engines.inngest.functions import names_of  # noqa: PLC0415 - as above

    async with shift.works.inngest_api() as api:
        expected = names_of(shift.works.inngest_app(api.client).functions())
        return told(await check(api, expected, shift.works.settings.inngest_own_address))


async def _test(shift: Shift) -> Told:
    from progressive_capture.engines.inngest.checking import leave_row  # noqa: PLC0415 - not needed for --help

    async with shift.works.inngest_api() as api:
        return told([await leave_row(api, shift.works.database, secrets.token_hex(8), shift.stop.pause)])


async def _connect(shift: Shift, *, with_worker: bool) -> Told:
    from progressive_capture.web.connecting import connect_installation  # noqa: PLC0415 - not needed for --help

    await connect_installation(shift.works, with_worker=with_worker, pause=shift.stop.pause)
    return Told("Stopped.", {"stopped": shift.stop.requested()})
