"""Rows of which GitHub did not show everything to a token, named with the columns it kept back; no I/O."""

from typing import NamedTuple


class Withheld(NamedTuple):
    """A row in which null, in some columns, stands for what this token may not see: what is known of them stays."""

    table: str
    pull_request_id: int
    key: int | str
    """What tells it from other rows of its table and pull request; for pull requests their id again."""
    columns: frozenset[str]


def by_row(withheld: list[Withheld], table: str) -> dict[tuple[int, int | str], frozenset[str]]:
    """Everything kept back of each row of a table, by pull request and key."""
    rows: dict[tuple[int, int | str], frozenset[str]] = {}
    for each in withheld:
        if each.table == table:
            row = each.pull_request_id, each.key
            rows[row] = rows.get(row, frozenset()) | each.columns
    return rows
