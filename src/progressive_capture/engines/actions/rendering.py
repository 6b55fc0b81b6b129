"""The workflow files as text, from the catalogue and the templates in workflows/; no word of a user's gets into them.

https://docs.github.com/en/actions/reference/security/secure-use
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from progressive_capture.engines.actions import catalog
from progressive_capture.engines.actions.catalog import CaptureWorkflow, CommandWorkflow

WHERE: Final = ".github/workflows"

MARK: Final = "# Rendered by `pc workflows render`: what is changed here by hand is lost when it is rendered again.\n"
"""The first line of every file of ours; a file without it is somebody else's."""

# Whole commits: a tag can be moved. https://docs.github.com/en/actions/reference/security/secure-use
CHECKOUT: Final = "actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0"
UPLOAD: Final = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0"

FORM: Final = "# zizmor: ignore[self-repository] GitHub Enterprise and act do not know the newer form"
"""Why a workflow is called by its path: it is the caller's own commit in either form."""

_HOLE: Final = re.compile(r"^( *)%\{(\w+)\}\n|%\{(\w+)\}", re.MULTILINE)


def render(*, scheduled: bool = False) -> dict[str, str]:
    """Render every workflow, by the name of its file.

    Args:
        scheduled: whether those of the rollout run by themselves; each run bills a minute at least.
    """
    texts = {each.file: _capture(each) for each in catalog.CAPTURES}
    texts |= {each.file: _command(each, scheduled=scheduled) for each in catalog.COMMANDS}
    return texts | {f"{name}.yml": _reusable(name) for name in catalog.REUSABLE}


def is_ours(text: str) -> bool:
    """Whether a file was rendered here, by this version or another."""
    return text.startswith(MARK.partition(":")[0])


def _capture(workflow: CaptureWorkflow) -> str:
    return MARK + fill(
        _template("caller"),
        {
            "purpose": workflow.purpose,
            "form": FORM,
            "name": workflow.name,
            "job": "bulk" if workflow.is_sharded else "capture",
            "reusable": "pc-bulk" if workflow.is_sharded else "pc-capture",
            "job_type": workflow.job_type,
            "source": workflow.source,
            "minutes": str(workflow.minutes),
            "run_minutes": str(workflow.minutes - catalog.SPARE_MINUTES),
            "pass_secrets": _context("secrets", catalog.CAPTURE_SECRETS),
        },
    )


def _command(workflow: CommandWorkflow, *, scheduled: bool) -> str:
    cron = f'schedule:\n  - cron: "{workflow.cron}"\n' if scheduled and workflow.cron else ""
    values = {"form": FORM, "schedule": cron, "pass_secrets": _context("secrets", (catalog.DATABASE,))}
    return MARK + fill(_template(workflow.name), values)


def _reusable(name: str) -> str:
    return MARK + fill(
        _template(name),
        {
            "call": _template("parts/call"),
            "setup": fill(_template("parts/setup"), {"checkout": CHECKOUT}),
            "upload": UPLOAD,
            "environment": _for_command() if name == "pc-command" else _for_capture(),
        },
    )


def _for_capture() -> str:
    inputs = (
        f"PC_INPUT_{name.upper()}: ${{{{ inputs.{name} }}}}\n" for name in ("job_type", "source", *catalog.JOB_INPUTS)
    )
    limit = "PC_RUN_MINUTES: ${{ inputs.run_minutes }}\n"
    return "".join(inputs) + limit + _settings(catalog.CAPTURE_SECRETS, catalog.CAPTURE_VARIABLES)


def _for_command() -> str:
    return _settings((catalog.DATABASE,), catalog.COMMAND_VARIABLES)


def _settings(secrets: Iterable[str], variables: Iterable[str]) -> str:
    """What a run is told beside its task; the name of whoever started it goes into the audit."""
    own = "LOGNAME: ${{ github.actor }}\nPC_ACTIONS_REPOSITORY: ${{ github.repository }}\n"
    return own + _context("secrets", secrets) + _context("vars", variables)


def _context(context: str, names: Iterable[str]) -> str:
    return "".join(f"{name}: ${{{{ {context}.{name} }}}}\n" for name in names)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values into `%{name}`; one that has a line to itself is indented alike, and the line goes if it is empty."""

    def put(found: re.Match[str]) -> str:
        indent, block, word = found.groups()
        if block is None:
            return values[word]
        return "".join(indent + line for line in values[block].splitlines(keepends=True))

    return _HOLE.sub(put, template)


@cache
def _template(name: str) -> str:
    return (files(__package__) / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
