"""What a dispatch may say: its ref, and inputs checked against those that the workflow declares; never starts a run.

https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from github_sandbox.actions.workflows import Workflow

MOST_INPUTS = 25
LONGEST_INPUTS = 65_535
_TRUTHS = ("true", "false")


class RefusedError(Exception):
    """A dispatch that is answered with 422; the text is GitHub's where that is known."""


def check_ref(body: Mapping[str, Any], branch: str) -> None:
    """Refuse a dispatch whose ref is not `branch`, the only one that the stand-in has."""
    ref = body.get("ref")
    if not isinstance(ref, str) or not ref:
        raise RefusedError('Invalid request.\n\n"ref" wasn\'t supplied.')
    if ref.removeprefix("refs/heads/") != branch:
        raise RefusedError(f"No ref found for: {ref}")


def read_inputs(workflow: Workflow, body: Mapping[str, Any]) -> dict[str, str]:
    """Give the inputs of a run, defaults filled in, as texts; raise RefusedError for what cannot be taken."""
    declared = workflow.inputs
    if declared is None:
        raise RefusedError("Workflow does not have 'workflow_dispatch' trigger")
    given = body.get("inputs") or {}
    if not isinstance(given, dict):
        raise RefusedError("Invalid request.\n\nFor 'properties/inputs', it is not an object.")
    if len(given) > MOST_INPUTS:
        raise RefusedError(
            f"Invalid request.\n\nNo more than {MOST_INPUTS} properties are allowed; {len(given)} were supplied."
        )
    if len(json.dumps(given, ensure_ascii=False)) > LONGEST_INPUTS:
        raise RefusedError("inputs are too large.")
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise RefusedError(f"Unexpected inputs provided: {json.dumps(unknown)}")
    values = {name: _value(name, spec, given.get(name)) for name, spec in declared.items()}
    return {name: value for name, value in values.items() if value is not None}


def _value(name: str, spec: Mapping[str, Any], given: object) -> str | None:
    if given is None or given == "":
        default = spec.get("default")
        if default is None and str(spec.get("required", "")).lower() == "true":
            raise RefusedError(f"Required input '{name}' not provided")
        return str(default) if default is not None else _empty(spec, given)
    if isinstance(given, (dict, list)):
        raise RefusedError(f"Invalid value for input '{name}'")
    text = _TRUTHS[not given] if isinstance(given, bool) else str(given)
    return _of_kind(name, spec, text)


def _empty(spec: Mapping[str, Any], given: object) -> str | None:
    """Give the value of an input that was left out: a boolean is false, all else an empty text."""
    return "false" if spec.get("type") == "boolean" and given is None else ""


def _of_kind(name: str, spec: Mapping[str, Any], text: str) -> str:
    kind, options = spec.get("type"), spec.get("options")
    if kind == "choice" and isinstance(options, list) and text not in options:
        raise RefusedError(f"Provided value '{text}' for input '{name}' not in the list of allowed values")
    if kind == "boolean" and text not in _TRUTHS:
        raise RefusedError(f"Provided value '{text}' for input '{name}' not in the list of allowed values")
    if kind == "number":
        try:
            float(text)
        except ValueError:
            raise RefusedError(f"Provided value '{text}' for input '{name}' is not a number") from None
    return text
