"""A counter at which commands are run within this process, on a real database of the schema that migrations make."""

import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from progressive_capture.domain.kinds import Source
from progressive_capture.github.addresses import DEFAULT
from progressive_capture.operator.cli import _wire, run
from progressive_capture.operator.desk import Desk
from progressive_capture.settings import Settings, names
from progressive_capture.store import repositories
from progressive_capture.store.database import Connection, Database
from tests.contract.store_rows import repository

ACCOUNTS = tuple(f'INSERT INTO "{table}"' for table in ("budgets", "principals", "slots"))
T0 = "2026-01-01T00:00:00.000000Z"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Heard:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass
class Counter:
    """Runs `pc` and `rollout` on one database."""

    path: Path
    host_id: int = 1

    def run(self, program: str, *arguments: str, typed: str | None = None) -> Heard:
        """Run a command; `typed` is what somebody types at the terminal, None where there is none."""
        out = io.StringIO()
        err, inp = (io.StringIO(), io.StringIO()) if typed is None else (Terminal(), Terminal(typed))
        code = run(arguments, Desk(out, err, _wire, inp=inp, who=lambda: "ann"), program)
        return Heard(code, out.getvalue(), err.getvalue())

    def pc(self, *arguments: str, typed: str | None = None) -> Heard:
        """Run `pc`."""
        return self.run("pc", *arguments, typed=typed)

    def rollout(self, *arguments: str, typed: str | None = None) -> Heard:
        """Run `rollout`."""
        return self.run("rollout", *arguments, typed=typed)

    def refused(self, program: str, *arguments: str, code: int = 2) -> str:
        """The one sentence with which a command is refused; nothing may be written."""
        before = self.dump()
        heard = self.run(program, *arguments)
        assert (heard.code, heard.out) == (code, ""), heard
        assert heard.err.count("\n") == 1, heard.err
        assert self.dump() == before
        return heard.err

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """A transaction on the database."""
        opened = Database.open(str(self.path))
        try:
            with opened.transaction() as connection:
                yield connection
        finally:
            opened.close()

    def dump(self) -> list[str]:
        """Everything that is stored, as SQL, but for what GitHub said of budgets and of whose they are."""
        connection = sqlite3.connect(self.path)
        try:
            return [line for line in connection.iterdump() if not line.startswith(ACCOUNTS)]
        finally:
            connection.close()

    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC)

    def submit(self, *arguments: str) -> list[str]:
        """Submit jobs; their ids."""
        return [each["job_id"] for each in self.pc("submit", *arguments, "--json").document["repositories"]]

    def know(self, *names: str, first: int = 101, **columns: Any) -> list[int]:
        """Store repositories as if looked up; their numeric ids by place."""
        ids = []
        with self.database() as connection:
            for number, name in enumerate(names, start=first):
                owner, _, short = name.partition("/")
                row = repository(id=number, owner_login=owner, name=short, **columns)
                repositories.save_repository(connection, self.host_id, row, T0, Source.GRAPHQL)
                ids.append(number)
        return ids


def template(folder: Path, api_url: str = DEFAULT) -> Path:
    """Make a database with the schema and a host, to be copied for each test."""
    path = folder / "template.db"
    database = Database.open(str(path), create=True)
    try:
        database.migrate()
        with database.transaction() as connection:
            repositories.host_id(connection, api_url)
    finally:
        database.close()
    return path


def counter(made: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Counter:
    """Open a counter on a copy of the template, with these settings and no others."""
    for setting in Settings.model_fields:
        for name in names(setting):
            monkeypatch.delenv(name, raising=False)
    path = Path(shutil.copy(made, folder / "progressive-capture.db"))
    for name, value in {"DATABASE_URL": str(path), **settings}.items():
        monkeypatch.setenv(name, value)
    return Counter(path)
