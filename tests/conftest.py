"""Fixtures of all tests: one shared PostgreSQL, fresh databases, the folder of recorded data."""

import logging
import os
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import httpx
import hypothesis
import psycopg
import pytest
import structlog

from tests.support import compiled, measuring, postgres, services
from tests.support.forking import Spawner, programs_unmeasured
from tests.support.stand_ins import Running, Start, start

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
RUN: pytest.StashKey[services.Run] = pytest.StashKey()
FOLDER: pytest.StashKey[Path] = pytest.StashKey()


# No test may depend on how fast the machine is, and the same code is judged by the same examples each time. Others are
# searched for with --hypothesis-profile=searching, as `make faults` does.
hypothesis.settings.register_profile(
    "searching", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.register_profile("same", hypothesis.settings.get_profile("searching"), derandomize=True)
hypothesis.settings.register_profile("few", hypothesis.settings.get_profile("same"), max_examples=10)
hypothesis.settings.load_profile("same")

# A developer's own tokens, addresses and proxies are not for tests, nor for the programs that tests start.
FOREIGN_SETTINGS = (
    "PC_",
    "GITHUB_",
    "GH_",
    "CONTRIBUTOR_",
    "INNGEST_",
    "HYBRID_",
    "DATABASE_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)

OF_TESTS = frozenset({"INNGEST_BIN"})
"""A server that tests may start."""


def pytest_configure(config: pytest.Config) -> None:
    """Open the run's folder in the one process that outlives all workers; workers are told where it is."""
    for name in [name for name in os.environ if _is_foreign(name)]:  # noqa: TID251 - see above
        del os.environ[name]  # noqa: TID251 - as above
    if folder := getattr(config, "workerinput", {}).get("run_folder"):
        config.stash[FOLDER] = Path(folder)
        services.follow(config.stash[FOLDER])
    else:
        config.stash[RUN] = services.Run()
        config.stash[FOLDER] = config.stash[RUN].folder


def _is_foreign(name: str) -> bool:
    return name.upper().startswith(FOREIGN_SETTINGS) and name not in OF_TESTS


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a worker of pytest-xdist where the run's folder is."""
    node.workerinput["run_folder"] = str(node.config.stash[FOLDER])  # type: ignore[attr-defined] # xdist has no types


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers that this run started."""
    if run := config.stash.get(RUN, None):
        run.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Choose the tests whose coverage is measured."""
    measuring.choose(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Count as covered what a test calls, not what a fixture runs to prepare it: the same worlds and rows each time."""
    with measuring.unmeasured(item.config), programs_unmeasured():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Of a property, measure the first examples alone, and of tests that are not measured their programs neither."""
    programs = programs_unmeasured() if item.get_closest_marker("no_cover") else nullcontext()
    with programs, measuring.first_examples(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Count as covered what a test calls, not what clears up after it."""
    with measuring.unmeasured(item.config), programs_unmeasured():
        return (yield)


@pytest.fixture(autouse=True)
def logs_end_with_their_test() -> Iterator[None]:
    """Undo what commands that run within a test set up, as their first act: where their log goes."""
    loggers = [logging.getLogger(), logging.getLogger("progressive_capture")]
    handlers, levels = loggers[0].handlers[:], [each.level for each in loggers]
    yield
    loggers[0].handlers[:] = handlers
    for each, level in zip(loggers, levels, strict=True):
        each.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, as the program does."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Let all databases that this process opens share what was compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("progressive_capture.store.database.create_engine", compiled.sharing())
        yield


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Let all clients of this process share the authorities that they trust: reading them takes as long as a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of recorded GitHub data, which lies beside the project and is not part of it."""
    if not DATA.is_dir():
        pytest.skip("the recorded data, ../shared/data, is not beside this clone")
    return DATA


@pytest.fixture(scope="session")
def spawner() -> Iterator[Spawner]:
    """Start what programs are forked from; it stops with the session."""
    with Spawner() as started:
        yield started


@pytest.fixture(scope="module")
def serve(spawner: Spawner) -> Iterator[Start]:
    """Start stand-ins with flags; each is stopped with the module, and must not have failed inside."""
    running: list[Running] = []

    def begin(*flags: str | Path) -> Running:
        running.append(start(spawner, *flags))
        return running[-1]

    yield begin
    errors = [each.stop() for each in running]
    assert not any(errors), errors


@pytest.fixture(scope="session")
def pg_server(pytestconfig: pytest.Config) -> services.Server:
    """Return the run's PostgreSQL, started by the first worker that asks."""
    folder = pytestconfig.stash[FOLDER]
    try:
        return services.shared(folder, "postgres", lambda: postgres.start(folder))
    except postgres.Unavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def pg_admin(pg_server: services.Server) -> Iterator[psycopg.Connection]:
    """Connect as the superuser, to make and drop databases."""
    with psycopg.connect(postgres.url(pg_server, "postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def pg_database(pg_admin: psycopg.Connection) -> Iterator[str]:
    """Make an empty PostgreSQL database, dropped after the test; its name."""
    with postgres.database(pg_admin) as name:
        yield name


@pytest.fixture
def pg_url(pg_server: services.Server, pg_database: str) -> str:
    """Return the DATABASE_URL of an empty PostgreSQL database."""
    return postgres.url(pg_server, pg_database)


@pytest.fixture
def pooler_url(pytestconfig: pytest.Config, pg_server: services.Server, pg_database: str) -> str:
    """Return the DATABASE_URL of an empty PostgreSQL database behind a transaction pooler."""
    folder = pytestconfig.stash[FOLDER]
    try:
        pooler = services.shared(folder, "pgbouncer", lambda: postgres.start_pooler(folder, pg_server))
    except postgres.Unavailable as missing:
        pytest.skip(str(missing))
    return postgres.url(pooler, pg_database)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the DATABASE_URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'capture.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.faults)])
def mostly_sqlite_url(request: pytest.FixtureRequest) -> str:
    """Return the DATABASE_URL of an empty database: PostgreSQL in `make faults`, for proofs that take long on each."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "pg_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the DATABASE_URL of an empty database, once for each kind of database."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "pg_url")
    return url
