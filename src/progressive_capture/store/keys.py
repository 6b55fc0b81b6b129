"""Conditions on many keys at once, in the one form that each database plans well; no table is known here."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Keys(TypeDecorator[Collection[Any]]):
    """A list as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, key: TypeEngine[Any]) -> None:
        super().__init__()
        self.key = key

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Store text on SQLite, which has no type for lists."""
        return dialect.type_descriptor(ARRAY(self.key) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the base class
        """Hand over the list as the database takes it."""
        if value is None:
            raise ValueError("A list of keys is missing; without any it is an empty one.")
        keys = list(value)
        return keys if dialect.name == "postgresql" else json.dumps(keys)


class _Among(FunctionElement[bool]):
    """A column, and the list that has its value.

    Of no type: a boolean is compared with 1 where a database has none, and then SQLite looks it up in no index.
    """

    inherit_cache = True


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - the compiler's own
    column, keys = element.clauses
    return f"{compiler.process(column, **how)} = ANY ({compiler.process(keys, **how)})"


@compiles(_Among, "sqlite")
def _each(element: _Among, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401 - the compiler's own
    column, keys = element.clauses
    return f"{compiler.process(column, **how)} IN (SELECT value FROM json_each({compiler.process(keys, **how)}))"  # noqa: S608 - names of our own columns


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """Say that a column has one of the keys that are given as the parameter `name`, in any collection.

    The statement's text is the same for any number of them, so that it can be made once.
    """
    return _Among(column, bindparam(name, type_=_Keys(column.type)))
