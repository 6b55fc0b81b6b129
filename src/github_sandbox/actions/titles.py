"""A run's title worked out from `run-name`: the few expressions that may stand there; never another expression.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#run-name
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


def title_of(template: str | None, workflow: str, inputs: Mapping[str, str], context: Mapping[str, str]) -> str:
    """Give the title of a run.

    `context` holds values by their full names, such as `github.actor` and `vars.NAME`. Names, texts and `||` between
    them are worked out; an expression that asks for more stays as it is written.
    """
    if template is None:
        return workflow
    known = dict(context)
    for name, value in inputs.items():
        known |= {f"inputs.{name}".lower(): value, f"github.event.inputs.{name}".lower(): value}

    def worked_out(found: re.Match[str]) -> str:
        values = [_term(term.strip(), known) for term in found[1].split("||")]
        if any(value is None for value in values):
            return found[0]
        return next((value for value in values if value), "")

    return _EXPRESSION.sub(worked_out, template).strip() or workflow


def _term(text: str, known: Mapping[str, str]) -> str | None:
    literal = _LITERAL.fullmatch(text)
    if literal is not None:
        return literal[1].replace("''", "'")
    if not re.fullmatch(r"(github|inputs|vars)(\.[\w-]+)+", text, re.IGNORECASE):
        return None
    return known.get(text.lower(), "")
