"""Ways to make a column's right value from a line of the truth; which column is made how stands in `truth_columns`."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from tests.support.truth_world import Line, Truth, numeric_id

Value = Callable[[Line, Truth], Any]


class Column(NamedTuple):
    """What a stored column should hold, and the truth's fields that this comes from."""

    value: Value
    fields: tuple[str, ...]
    needs_number: str | None = None
    """A field naming somebody whose numeric id GraphQL may not have."""
    is_plain: bool = False
    """Whether the value is the one field as it is."""

    def values(self, lines: Sequence[Line], truth: Truth) -> list[Any]:
        """What the column should hold for each of these lines."""
        if self.is_plain:
            return list(map(itemgetter(*self.fields), lines))
        return [self.value(line, truth) for line in lines]


def plain(name: str) -> Column:
    """The field as it is."""
    return Column(lambda row, _: row[name], (name,), is_plain=True)


def number(name: str) -> Column:
    """A BigInt, which GraphQL writes as text."""
    return Column(lambda row, _: int(row[name]), (name,))


def who(column: str, field: str) -> dict[str, Column]:
    """The two columns that name somebody."""

    def identity(row: Line, truth: Truth) -> int | None:
        person = truth.person(row[field])
        return None if person is None else numeric_id(person["id"])

    def login(row: Line, truth: Truth) -> str | None:
        person = truth.person(row[field])
        return None if person is None else person["login"]

    return {f"{column}_id": Column(identity, (field,), field), f"{column}_login": Column(login, (field,))}


def signed(column: str) -> dict[str, Column]:
    """The four columns of a commit's author or committer."""

    def part(name: str) -> Value:
        return lambda row, _: row[column][name]

    def account(name: str) -> Value:
        def value(row: Line, truth: Truth) -> Any:
            person = truth.person(row[column]["user"])
            return None if person is None else numeric_id(person["id"]) if name == "id" else person["login"]

        return value

    return {
        f"{column}_name": Column(part("name"), (column,)),
        f"{column}_email": Column(part("email"), (column,)),
        f"{column}_id": Column(account("id"), (column,), f"{column}.user"),
        f"{column}_login": Column(account("login"), (column,)),
    }


def co_authors(message: str) -> list[dict[str, str]]:
    """Who the trailers of a commit message name, each e-mail address once, read line by line."""
    found: dict[str, dict[str, str]] = {}
    for line in message.split("\n"):
        head, colon, tail = line.partition(":")
        name, bracket, rest = tail.strip().partition("<")
        if colon and head.lower() == "co-authored-by" and bracket and rest.endswith(">"):
            email = rest[:-1]
            found.setdefault(email.lower(), {"name": name.strip(), "email": email})
    return list(found.values())


def node(field: str, wanted: str) -> Column:
    """A field of another line, which this one names by its node id."""

    def value(row: Line, truth: Truth) -> Any:
        return None if row[field] is None else truth.by_node[row[field]][wanted]

    return Column(value, (field,))


def node_number(field: str) -> Column:
    """The numeric id of another line, which this one names by its node id."""

    def value(row: Line, truth: Truth) -> int | None:
        return None if row[field] is None else int(truth.by_node[row[field]]["fullDatabaseId"])

    return Column(value, (field,))


def of_thread(field: str) -> Column:
    """What the thread of a comment says."""
    return Column(lambda row, truth: truth.by_node[row["thread"]][field], ())
