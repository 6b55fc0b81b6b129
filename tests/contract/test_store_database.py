import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, make_url, text

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import Records
from progressive_capture.store import database as module
from progressive_capture.store import errors
from progressive_capture.store.database import Database, Lock, lock
from progressive_capture.store.rows import save_hydrated
from progressive_capture.store.tables import PULL_REQUESTS
from tests.contract.store_rows import HOST, REPOSITORY, T0, pull_request, stored

NOBODY = 65_534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user whom rights bind, where that takes something: root may write anywhere."""
    if os.getuid():
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def sentence(error: errors.StoreError) -> str:
    """Check that a message is one sentence for people."""
    message = str(error)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO hosts (api_url, name) VALUES ('u', 'n')"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM hosts")) == 0


def test_a_refused_statement_is_ours(database: Database) -> None:
    def fail() -> None:
        with database.reading() as connection:
            connection.execute(text("SELECT nonsense"))

    with pytest.raises(errors.StoreError) as refused:
        fail()
    assert "nonsense" in sentence(refused.value)
    assert not refused.value.retryable


def test_threads_write_one_after_the_other(database: Database) -> None:
    def add() -> None:
        for _ in range(20):
            with database.transaction() as connection:
                lock(connection, Lock.HOST, HOST)
                number = connection.scalar(text("SELECT count(*) FROM hosts"))
                connection.execute(
                    text("INSERT INTO hosts (api_url, name) VALUES (:url, 'n')"), {"url": f"https://{number}"}
                )

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM hosts")) == 80


def test_nul_never_reaches_another_column(database: Database) -> None:
    """Decoding replaces it; what slipped through must not shift the values of other rows."""
    bad = pull_request(1, title="a\x00N", body="\x00,")

    def save() -> None:
        with database.transaction() as connection:
            records = Records(pull_requests=[bad])
            save_hydrated(connection, HOST, REPOSITORY, source=Source.REST, captured_at=T0, records=records)

    if database.dialect == "postgresql":
        with pytest.raises(ValueError, match="NUL"):
            save()
        return
    save()
    with database.reading() as connection:
        (row,) = stored(connection, PULL_REQUESTS)
        assert (row["title"], row["body"]) == (bad.title, bad.body)


@pytest.mark.parametrize("url", ["", ":memory:", "sqlite://", "mysql://host/db", "postgres://host:port/db", "://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(errors.InvalidUrl) as refused:
        Database.open(url)
    sentence(refused.value)


@pytest.mark.parametrize(
    ("end", "told"), [("/db?colour=red", '"colour"'), ("/db?sslmode=maybe", '"maybe"'), (":99999/db", '"99999"')]
)
def test_an_option_that_postgresql_does_not_take_is_a_mistake_in_the_address(end: str, told: str) -> None:
    with pytest.raises(errors.InvalidUrl) as refused:
        Database.open(f"postgresql://user:secret@127.0.0.1{end}")
    said = sentence(refused.value)
    assert told in said
    assert "secret" not in said
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_bare_path_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bare.db"
    Database.open(str(path)).close()
    assert path.exists()


def test_reading_commands_make_no_file(tmp_path: Path) -> None:
    with pytest.raises(errors.DatabaseMissing, match=r"There is no database yet: .*there is no file"):
        Database.open(str(tmp_path / "none.db"), create=False)
    assert not (tmp_path / "none.db").exists()


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear database, " * 500)
    with pytest.raises(errors.NotADatabase) as refused:
        Database.open(str(path))
    sentence(refused.value)


@pytest.mark.parametrize("create", [True, False])
def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, *, create: bool) -> None:
    """Also to who only reads: the commands that make the database would fail there too."""
    with pytest.raises(errors.CannotOpen, match=r"there is no folder .*none, or none that may be entered") as refused:
        Database.open(str(tmp_path / "none" / "capture.db"), create=create)
    sentence(refused.value)


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_that_may_not_be_written_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exists: bool, create: bool
) -> None:
    if exists:
        Database.open(str(tmp_path / "capture.db")).close()
    tmp_path.chmod(0o555)
    monkeypatch.chdir(tmp_path)
    with as_nobody(), pytest.raises(errors.CannotOpen, match=r"the folder \. may not be written") as refused:
        Database.open("capture.db", create=create)
    tmp_path.chmod(0o755)
    sentence(refused.value)


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_may_not_be_read_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, create: bool
) -> None:
    Database.open(str(tmp_path / "capture.db")).close()
    (tmp_path / "capture.db").chmod(0)
    tmp_path.chmod(0o777)
    monkeypatch.chdir(tmp_path)
    with as_nobody(), pytest.raises(errors.CannotOpen, match=r"\(capture\.db may not be read\)") as refused:
        Database.open("capture.db", create=create)
    sentence(refused.value)


@pytest.mark.parametrize("create", [True, False])
def test_a_folder_in_place_of_the_file_is_told_as_that(tmp_path: Path, *, create: bool) -> None:
    (tmp_path / "capture.db").mkdir()
    with pytest.raises(errors.CannotOpen, match=r"capture\.db is there, and is not a file") as refused:
        Database.open(str(tmp_path / "capture.db"), create=create)
    sentence(refused.value)


def test_a_file_that_may_not_be_written_is_refused(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)

    @event.listens_for(database._engine, "begin", insert=True)
    def forbid(connection: object) -> None:  # as a read-only file answers, also to root
        connection.connection.driver_connection.execute("PRAGMA query_only = ON").close()  # type: ignore[attr-defined]

    with pytest.raises(errors.ReadOnly) as refused:
        database.migrate()
    sentence(refused.value)
    database.close()


def test_a_full_disk_is_said(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    database.migrate()

    @event.listens_for(database._engine, "begin", insert=True)
    def shrink(connection: object) -> None:
        connection.connection.driver_connection.execute("PRAGMA max_page_count = 1").close()  # type: ignore[attr-defined]

    def fill() -> None:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO hosts (api_url, name) VALUES (:url, 'n')"), {"url": "x" * 100_000})

    with pytest.raises(errors.DiskFull) as refused:
        fill()
    sentence(refused.value)
    database.close()


def test_a_lock_that_is_kept_is_said(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0)
    database = Database.open(sqlite_url)
    other = sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.Locked) as refused:
        database.migrate()
    assert refused.value.retryable
    sentence(refused.value)
    other.close()
    database.close()


def test_a_server_that_does_not_answer_is_said() -> None:
    with pytest.raises(errors.Unreachable) as refused:
        Database.open("postgresql://u:p@127.0.0.1:1/db")
    assert refused.value.retryable
    sentence(refused.value)


def test_a_wrong_password_is_said(pg_url: str) -> None:
    with pytest.raises(errors.WrongPassword) as refused:
        Database.open(make_url(pg_url).set(password="wrong").render_as_string(hide_password=False))
    assert "wrong" not in sentence(refused.value).partition("(")[2]


def test_a_database_that_is_not_there_is_said(pg_url: str) -> None:
    with pytest.raises(errors.NoSuchDatabase) as refused:
        Database.open(make_url(pg_url).set(database="nowhere").render_as_string(hide_password=False))
    sentence(refused.value)


def test_a_user_without_rights_is_said(pg_url: str) -> None:
    url = make_url(pg_url)
    with psycopg.connect(pg_url, autocommit=True) as admin:
        admin.execute(
            "DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'reader'; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        admin.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    database = Database.open(url.set(username="reader", password="reader").render_as_string(hide_password=False))
    with pytest.raises(errors.ReadOnly) as refused:
        database.migrate()
    sentence(refused.value)
    database.close()


def test_a_connection_that_is_cut_is_said_and_the_next_one_works(pg_url: str) -> None:
    database = Database.open(pg_url)

    def cut() -> None:
        with database.reading() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            with psycopg.connect(pg_url, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s)", [pid])
            connection.execute(text("SELECT 1"))

    with pytest.raises(errors.Unreachable) as refused:
        cut()
    assert refused.value.retryable
    with database.reading() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    database.close()


def test_pages_are_stored_through_a_transaction_pooler(pooler_url: str) -> None:
    database = Database.open(f"{pooler_url}?pgbouncer=true")
    database.migrate()
    for _ in range(8):
        with database.transaction() as connection:
            records = Records(pull_requests=[pull_request(1)])
            save_hydrated(connection, HOST, REPOSITORY, source=Source.REST, captured_at=T0, records=records)
    with database.reading() as connection:
        assert len(stored(connection, PULL_REQUESTS)) == 1
        assert connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 0
    database.close()
