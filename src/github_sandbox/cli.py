"""The command `github-sandbox`: flags in, one line out when it serves, one line and exit 2 when it cannot."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from github_sandbox.actions.options import machine_of
from github_sandbox.clock import Clock
from github_sandbox.composition import Options, build_sandbox, served_routes
from github_sandbox.config_file import ConfigError, read_table
from github_sandbox.faults_file import parse_rules
from github_sandbox.http.server import PortTakenError, listen
from github_sandbox.population import SourceError, build_world
from github_sandbox.service import Timing
from github_sandbox.tokens_file import read_credentials
from github_sandbox.webhook_delivery import Hook, check_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from github_sandbox.service import Sandbox

USAGE_ERROR = 2
DEFAULT_PORT = 8901
DEFAULT_REPOSITORIES = ("sandbox/demo=generate:500",)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        _fail(f"{message}; see github-sandbox serve --help")


def _fail(text: str) -> NoReturn:
    one_line = " ".join(text.split())
    sys.stderr.write(f"github-sandbox: {one_line}\n")
    sys.exit(USAGE_ERROR)


def _at_least(low: float, kind: Callable[[str], float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = kind(text)
        if not low <= value < float("inf"):
            raise ValueError(text)
        return value

    read.__name__ = f"number of at least {low:g}"
    return read


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    top = _Parser(prog="github-sandbox", description="A GitHub stand-in on this machine.", allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True, metavar="serve")
    serve = commands.add_parser("serve", help="serve repositories on 127.0.0.1", allow_abbrev=False)
    add = serve.add_argument
    add("--port", type=_at_least(0, int), default=DEFAULT_PORT, help="port; 0 picks a free one")
    add("--repo", action="append", metavar="OWNER/NAME=SOURCE", help="a population file, generate:N[,…], or: hostile")
    add("--seed", type=int, default=7, help="decides all that is made up")
    add("--latency-ms", type=_at_least(0, float), default=0.0, help="time slept for every answer")
    add("--ms-per-pr", type=_at_least(0, float), default=0.0, help="server time of a pull request that a query touches")
    add("--real-time", action="store_true", help="sleep the server time, too")
    add("--points", type=_at_least(1, int), default=5_000, help="points per window, for graphql and for core")
    add("--window", type=_at_least(1, int), default=3_600, help="length of a window in seconds")
    add("--rounding", choices=("nearest", "up"), default="nearest", help="how look-ups / 100 become points")
    add("--resource-limit", type=_at_least(0, int), default=0, help="records that a GraphQL answer may hold; 0: any")
    add("--secondary", action="store_true", help="enforce the secondary limits")
    add("--gzip", action="store_true", help="compress answers for clients that accept it")
    add("--tokens", type=Path, metavar="FILE", help="tokens, principals and Apps (JSON or TOML)")
    add("--faults", type=Path, metavar="FILE", help="what goes wrong, and when (JSON or TOML)")
    add("--webhook-url", metavar="URL", help="where webhooks of changes go")
    add("--workflows", action="append", metavar="OWNER/NAME=FOLDER", help="workflow files that Actions run with act")
    add("--act", default="act", metavar="PATH", help="the program act")
    add("--runners", type=_at_least(0, int), default=4, help="runs of workflows at a time; others queue")
    add("--run-minutes", type=_at_least(0, float), default=360.0, help="how long a run may take")
    add("--webhook-secret", default="", metavar="TEXT", help="signs them")
    return top


def _options(flags: argparse.Namespace, environment: Mapping[str, str]) -> Options:
    return Options(
        seed=flags.seed,
        points=flags.points,
        window=flags.window,
        rounding=flags.rounding,
        resource_limit=flags.resource_limit,
        secondary=flags.secondary,
        compress=flags.gzip,
        timing=Timing(flags.latency_ms, flags.ms_per_pr, flags.real_time),
        hook=Hook(check_url(flags.webhook_url), flags.webhook_secret) if flags.webhook_url else None,
        workflows=tuple(flags.workflows or ()),
        machine=machine_of(flags.act, flags.runners, flags.run_minutes, environment, needed=bool(flags.workflows)),
    )


def make_sandbox(flags: argparse.Namespace, read_time: Callable[[], float]) -> Sandbox:
    """Build what `flags` describe; raise ConfigError or SourceError for what cannot be used."""
    clock = Clock(read_time)
    options = _options(flags, dict(os.environ))  # noqa: TID251 - the program's own entry
    credentials = read_credentials(flags.tokens, clock.now()) if flags.tokens else None
    rules = parse_rules(read_table(flags.faults), served_routes()) if flags.faults else ()
    world = build_world(clock.now, flags.seed, tuple(flags.repo or DEFAULT_REPOSITORIES))
    return build_sandbox(world, clock, options, credentials, rules)


async def serve(sandbox: Sandbox, port: int, announce: Callable[[str], object]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` gets the ready line."""
    server = await listen(sandbox.handle, port, sandbox.stats.sent)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    announce(f"ready {server.url}")
    await stopped.wait()
    await sandbox.control.deliveries.stop()
    await sandbox.actions.stop()
    await server.stop()


def _announce(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; exit 2 with one line for whatever was given wrongly."""
    gc.disable()  # building the world makes millions of objects that all stay
    flags = parser().parse_args(arguments)
    try:
        sandbox = make_sandbox(flags, time.time)
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)  # answers are large and free of cycles; few of them need a collection
        gc.enable()
        asyncio.run(serve(sandbox, flags.port, _announce))
        gc.freeze()  # the process ends: no last search for cycles in all that it held
    except (ConfigError, SourceError, PortTakenError) as error:
        _fail(str(error))
