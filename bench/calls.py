"""Every call of the store that a run makes, recorded with its arguments by transaction, and made again.

Made again on an equal database they store the same rows by the same statements, with no network, and nothing decoded,
planned or waited for.
"""

import inspect
import pickle
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from types import FunctionType
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs.values import Settling

STORE: Final = "progressive_capture.store."


class Call(NamedTuple):
    """One call; the connection is its first argument and is not kept."""

    module: str
    name: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]


@dataclass
class Transaction:
    """Calls that were made in one transaction."""

    writes: bool
    durable: bool
    calls: list[Call] = field(default_factory=list)


def never(_holder: str) -> bool:
    """Say that every process lives: what is asked instead of the system when calls are made again."""
    return False


def _plain(value: object) -> object:
    """Keep what can be written down: no function, and no successor that is decided by one; nothing asks for any."""
    if isinstance(value, Settling):
        return replace(value, follow=None)
    return never if callable(value) else value


@dataclass
class Recorder:
    """Keeps the calls of every transaction, while `on`, in the order of their ends."""

    on: bool = False
    transactions: list[Transaction] = field(default_factory=list)
    _here: threading.local = field(default_factory=threading.local)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear every call from outside the store."""
        with ExitStack() as stack:
            for owner, name, function in _store_functions():
                stack.enter_context(patch.object(owner, name, self._heard(function)))
            stack.enter_context(patch.object(Database, "transaction", self._opened(Database.transaction, writes=True)))
            stack.enter_context(patch.object(Database, "reading", self._opened(Database.reading, writes=False)))
            yield

    def save(self, path: Path) -> None:
        """Write what was recorded; only this program reads it."""
        path.write_bytes(pickle.dumps(self.transactions))

    def _opened(self, opening: Callable[..., Any], *, writes: bool) -> Callable[..., Any]:
        @contextmanager
        def opened(database: Database, *, durable: bool = True) -> Iterator[Connection]:
            options = {"durable": durable} if writes else {}
            self._here.transaction = Transaction(writes, durable)
            with opening(database, **options) as connection:
                yield connection
            if self.on and self._here.transaction.calls:
                self.transactions.append(self._here.transaction)

        return opened

    def _heard(self, function: FunctionType) -> Callable[..., Any]:
        @wraps(function)
        def heard(connection: Connection, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on
            if getattr(self._here, "inside", False):
                return function(connection, *arguments, **options)
            plain = {name: _plain(value) for name, value in options.items()}
            call = Call(function.__module__, function.__name__, arguments, plain)
            self._here.transaction.calls.append(call)
            self._here.inside = True
            try:
                result = function(connection, *arguments, **options)
                return iter(list(result)) if inspect.isgenerator(result) else result
            finally:
                self._here.inside = False

        return heard


def load(path: Path) -> list[Transaction]:
    """Read what `Recorder.save` wrote."""
    transactions: list[Transaction] = pickle.loads(path.read_bytes())  # noqa: S301 - written by ourselves a moment ago
    return transactions


def replay(database: Database, transactions: Sequence[Transaction]) -> None:
    """Make all calls on a database that is as the recorded one was at first."""
    for transaction in transactions:
        opened = database.transaction(durable=transaction.durable) if transaction.writes else database.reading()
        with opened as connection:
            for call in transaction.calls:
                result = getattr(sys.modules[call.module], call.name)(connection, *call.arguments, **call.options)
                if inspect.isgenerator(result):
                    list(result)


def _store_functions() -> Iterator[tuple[object, str, FunctionType]]:
    """Wherever a module of ours names a function of the store that works on a connection."""
    for module in [module for name, module in sys.modules.items() if name.startswith("progressive_capture.")]:
        for name, value in list(vars(module).items()):
            if isinstance(value, FunctionType) and value.__module__.startswith(STORE) and _takes_connection(value):
                yield module, name, value


def _takes_connection(function: FunctionType) -> bool:
    return next(iter(inspect.signature(function).parameters), "") == "connection"
