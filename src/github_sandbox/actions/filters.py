"""Which runs a list asks for; never how they are written.

https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from github_sandbox.actions.runs import Run

MOST_FILTERED = 1_000
_LAST = "~"  # after every digit: a day without a time ends where the next one begins


def chosen_runs(runs: list[Run], query: Mapping[str, str]) -> list[Run]:
    """Give those of `runs` that the query's filters let through."""
    rules: dict[str, Callable[[Run, str], bool]] = {
        "actor": lambda run, text: run.actor.lower() == text.lower(),
        "branch": lambda run, text: run.branch == text,
        "event": lambda _, text: text == "workflow_dispatch",
        "status": lambda run, text: text in {run.status, run.conclusion},
        "created": lambda run, text: _created(iso(int(run.created)), text),
        "head_sha": lambda run, text: run.revision == text,
        "check_suite_id": lambda run, text: str(run.id) == text,
    }
    asked = [(rule, query[name]) for name, rule in rules.items() if query.get(name)]
    if not asked:
        return runs
    return [run for run in runs if all(rule(run, text) for rule, text in asked)][:MOST_FILTERED]


def _created(stamp: str, wanted: str) -> bool:
    """Tell whether a time lies in what was asked for: a day or time, `<`, `<=`, `>`, `>=`, or two with `..`.

    https://docs.github.com/en/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax
    """
    low, dots, high = wanted.replace("+00:00", "Z").partition("..")
    if dots:
        return (low == "*" or stamp >= low) and (high == "*" or stamp <= high + _LAST)
    for sign, holds in _COMPARISONS:
        if low.startswith(sign):
            return holds(stamp, low.removeprefix(sign))
    return stamp.startswith(low)


_COMPARISONS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    (">=", lambda stamp, text: stamp >= text),
    ("<=", lambda stamp, text: stamp <= text + _LAST),
    (">", lambda stamp, text: stamp > text + _LAST),
    ("<", lambda stamp, text: stamp < text),
)
