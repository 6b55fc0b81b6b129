"""Statements that each process of tests compiles once, however many databases it opens."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

Maker = Callable[..., Engine]

STATEMENTS: Final = 10_000
"""More than there are, so that none is compiled twice."""


def sharing() -> Maker:
    """Return a `create_engine` whose engines of one kind share one dialect, and so the statements compiled for it.

    The program opens one database and compiles each statement once; tests open thousands, and compiling took a
    quarter of their processor time. The first engine that has connected lends its dialect, for connecting is what
    completes a dialect:
    https://docs.sqlalchemy.org/en/20/core/connections.html#sql-caching
    """
    lenders: dict[tuple[str, object], Engine] = {}

    def make(url: URL, **options: Any) -> Engine:
        engine = create_engine(url, query_cache_size=STATEMENTS, **options)
        kind = engine.dialect.name, options["connect_args"].get("prepare_threshold", "the driver's own")
        if lender := lenders.get(kind):
            engine.dialect = lender.dialect
            engine._compiled_cache = lender._compiled_cache
            return engine

        def lend(_: Connection) -> None:
            lenders.setdefault(kind, engine)

        event.listen(engine, "engine_connect", lend, once=True)
        return engine

    return make
