"""The comparison as a document; nothing is run or measured here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.peers.counting import KINDS, Counts
from bench.peers.running import Measured
from bench.peers.tools import TOOLS, Tool

COLUMNS: Final = (
    "tool",
    "REST requests",
    "GraphQL requests",
    "GraphQL points",
    "seconds",
    "peak memory, MiB",
    "did not bring",
)


@dataclass(frozen=True)
class Result:
    """One tool on one population."""

    tool: Tool
    measured: Measured
    brought: Counts


@dataclass(frozen=True)
class Section:
    """All tools on one population."""

    title: str
    there: Counts
    results: Sequence[Result]


def document(sections: Sequence[Section], *, date: str, machine: str) -> str:
    """Write the whole document."""
    parts = [_head(date, machine), *map(_section, sections), _foot()]
    return "\n".join(parts)


def lacking(there: Counts, brought: Counts) -> str:
    """Say what is missing, kind by kind."""
    gaps = [
        f"{kind} ({brought.get(kind, 0):,} of {there[kind]:,})" if brought.get(kind, 0) else kind
        for kind in KINDS
        if brought.get(kind, 0) < there[kind]
    ]
    return ", ".join(gaps) or "nothing of these"


def _head(date: str, machine: str) -> str:
    return f"""# Other tools on the same sandbox

Written by `make bench-peers` on {date}, on {machine}.
The sandbox had one core, the tools had the others; every tool began with nothing, ran alone and was given its best
settings. Each REST request takes one of 5,000 an hour, GraphQL takes points of another 5,000.
"""


def _section(section: Section) -> str:
    lines = [f"## {section.title}", "", _row(COLUMNS), _row(["---"] + ["---:"] * 5 + ["---"])]
    for result in section.results:
        measured = result.measured
        missing = lacking(section.there, result.brought) + (f"; {measured.failure}" if measured.failure else "")
        numbers = (measured.rest_requests, measured.graphql_requests, measured.points)
        amounts = [*(f"{number:,}" for number in numbers), f"{measured.seconds:,.1f}", f"{measured.peak_mib:,.0f}"]
        lines.append(_row([result.tool.name, *amounts, missing]))
    total = ", ".join(f"{count:,} {kind}" for kind, count in section.there.items() if kind != "sizes of changes")
    return "\n".join([*lines, "", f"There were {total}.", ""])


def _foot() -> str:
    lines = ["## Versions and settings", ""]
    for tool in TOOLS:
        version = ", ".join(f"`{requirement}`" for requirement in tool.requirements) or "this clone"
        lines.append(f"- {tool.name} ({version}): {tool.settings}.")
    lines += [
        "",
        "Finding out what a tool can be asked for (`--discover`) is not counted. *Sizes of changes* are the added and",
        "deleted lines and changed files of each pull request. Memory is that of the tool alone: perceval, tap-github",
        "and airbyte hand their rows to another program for storing, which is not part of this.",
        "",
    ]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
