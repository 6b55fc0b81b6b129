"""`pc serve`: an installation in one process; what it answers and runs stands in other rooms."""

from typing import Annotated

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.telling import Told, tell_one

WITHOUT_EXTRA = "This needs what the extra `inngest` installs: pip install 'progressive-capture[inngest]'."

ANSWERS = "/healthz and /api/inngest; whether Inngest knows that address, `pc inngest check` tells"

NoWorker = Annotated[bool, typer.Option("--no-worker", help="Run no jobs of this machine's lanes, and no duties.")]


def serve(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65_535, help="0: any that is free.")] = 8080,
    no_worker: NoWorker = False,
    json: options.Json = False,
) -> ExitCode:
    """Serve /api/inngest and /healthz, hand jobs over, and run those of this machine.

    It logs to standard error. Ctrl-C or SIGTERM ends it after the pages at work.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    try:
        from progressive_capture.web.server import listen  # noqa: PLC0415 - as above
        from progressive_capture.web.serving import serve_installation  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        raise UsageError(WITHOUT_EXTRA) from None

    desk: Desk = context.obj
    settings = Settings.read()

    async def task(shift: Shift) -> Told:
        from progressive_capture.operator.logs import say  # noqa: PLC0415 - as above

        with listen(host, port) as listening:
            taken = listening.getsockname()[1]
            answers = ANSWERS if settings.serves_inngest else "/healthz; Inngest is not set up"
            await serve_installation(
                shift.works,
                listening,
                with_worker=not no_worker,
                pause=shift.stop.pause,
                ready=lambda: say(f"Serving http://{host}:{taken}: {answers}."),
            )
        return Told("Stopped.", {"port": taken, "stopped": shift.stop.requested()})

    return tell_one(desk, work(desk, settings, task, create=True, logs=True), as_json=json)
