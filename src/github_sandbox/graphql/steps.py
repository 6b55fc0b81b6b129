"""The closures that a compiled plan is made of, and how errors and broken promises become nulls in the right places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from graphql import FieldNode
from msgspec import defstruct

from github_sandbox.graphql.errors import FieldError, null_in_non_null
from github_sandbox.graphql.execution import Arguments, Execution, Resolver

Step: TypeAlias = Callable[[Any, Execution], Any]
Keyed: TypeAlias = tuple[str, Step]

NO_ARGUMENTS: Final[Arguments] = MappingProxyType({})


class Nulled(Exception):
    """A null on its way up to the nearest place that may hold it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of an answer: a field of a type at a depth, or the items of that field one deeper."""

    parent: str
    field: str
    nodes: list[FieldNode]
    depth: int
    nullable: bool

    def missing(self, execution: Execution) -> None:
        """Take None where the schema allows it; report and null what is above where it does not."""
        if not self.nullable:
            self.failed(null_in_non_null(self.parent, self.field), execution)

    def failed(self, error: FieldError, execution: Execution) -> None:
        """Report an error; the value is null here, or further up."""
        execution.report(error, self.nodes, self.depth)
        if not self.nullable:
            raise Nulled from None


def plain(name: str, place: Place) -> Step:
    """Read a leaf that the record holds."""

    def step(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
        value = record.get(name)
        return place.missing(execution) if value is None else value

    return step


def referenced(name: str, complete: Step, place: Place) -> Step:
    """Follow a reference, or a list of them, that the record holds."""
    nullable = place.nullable

    def step(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
        value = record.get(name)
        if value is None:
            return place.missing(execution)
        try:
            return complete(value, execution)
        except FieldError as error:  # a record of a type that cannot stand here
            return place.failed(error, execution)
        except Nulled:
            if nullable:
                return None
            raise

    return step


def resolved(resolve: Step, complete: Step | None, place: Place) -> Step:
    """Ask a resolver, and complete what it gives."""
    nullable = place.nullable

    def step(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
        try:
            value = resolve(record, execution)
            if value is None:
                return place.missing(execution)
            return value if complete is None else complete(value, execution)
        except FieldError as error:
            return place.failed(error, execution)
        except Nulled:
            if nullable:
                return None
            raise

    return step


def asked(resolver: Resolver, complete: Step | None, place: Place) -> Step:
    """Ask a resolver that takes no arguments: as `resolved`, one call less."""
    nullable = place.nullable

    def step(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
        try:
            value = resolver(record, NO_ARGUMENTS, execution)
            if value is None:
                return place.missing(execution)
            return value if complete is None else complete(value, execution)
        except FieldError as error:
            return place.failed(error, execution)
        except Nulled:
            if nullable:
                return None
            raise

    return step


def listed(complete: Step, place: Place) -> Step:
    """Complete each item of a list; `place` is that of the items."""
    depth, nullable = place.depth, place.nullable

    def item(value: Any, execution: Execution) -> Any:  # noqa: ANN401 - a record, None, or what failed in its stead
        if value.__class__ is FieldError:
            raise value
        return place.missing(execution) if value is None else complete(value, execution)

    def step(values: Any, execution: Execution) -> list[Any]:  # noqa: ANN401 - any sequence
        path = execution.path
        out: list[Any] = []
        for index, value in enumerate(values):
            path[depth] = index
            try:
                out.append(complete(value, execution) if value.__class__ is dict else item(value, execution))
            except FieldError as error:
                place.failed(error, execution)
                out.append(None)
            except Nulled:
                if not nullable:
                    raise
                out.append(None)
        return out

    return step


def in_order(steps: Sequence[Keyed], depth: int) -> Step:
    """Make an object field by field."""

    def step(record: Any, execution: Execution) -> dict[str, Any]:  # noqa: ANN401 - any source
        path, out = execution.path, {}
        for key, field in steps:
            path[depth] = key
            out[key] = field(record, execution)
        return out

    return step


def swept(
    fields: Sequence[tuple[str, str]], promised: Sequence[str], special: Sequence[Keyed], careful: Step, depth: int
) -> Step:
    """Make an object from a record: all plain leaves in one sweep, then the special fields in their places.

    `fields` are (key, name) of all fields in query order; `promised` the leaves that must not be None. Where the record
    lacks one of them `careful`, which goes field by field, does it all, so that errors come in order.
    """
    keys = [key for key, _name in fields]
    make = _object_type(keys)
    values = itemgetter(*(name for _key, name in fields))
    # Named twice, a promise costs little; itemgetter gives a tuple only for two names or more.
    promises = itemgetter(*promised, *promised) if promised else None
    single = len(keys) == 1
    places = [(keys.index(key), key, field) for key, field in special]

    def step(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
        try:
            kept = promises is None or None not in promises(record)
            found = values(record) if kept else None
        except KeyError:  # a record made on the fly may lack what may be None
            found = None
        if found is None:
            return careful(record, execution)
        if single:
            found = (found,)
        if not places:
            return make(*found)
        filled, path = [*found], execution.path
        for at, key, field in places:
            path[depth] = key
            filled[at] = field(record, execution)
        return make(*filled)

    return step


def _object_type(keys: Sequence[str]) -> Callable[..., Any]:
    """Make a type whose instances are written as JSON objects with these keys.

    It is filled four times faster than a dict, which is most of the time of a page, and written faster too.
    """
    members = [f"f{place}" for place in range(len(keys))]
    names = dict(zip(members, keys, strict=True))
    return defstruct("Object", [(member, object) for member in members], rename=names, gc=False)
