"""Writes docs/reference/cli.md from the help of every command; with `--check` it only compares."""

import contextlib
import io
import sys
from pathlib import Path

from progressive_capture.operator.cli import application
from progressive_capture.operator.registry import COMMANDS

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
WIDTH = 100
HEAD = """# Commands

Made by `make docs` from what `--help` says.
Exit codes: [exit-codes.md](exit-codes.md); settings: [settings.md](settings.md).
"""


def shown(program: str, *arguments: str) -> str:
    """What a program's help says, at a width of its own."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        application(program)([*arguments, "--help"], prog_name=program, standalone_mode=False, terminal_width=WIDTH)
    return "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())


def rendered() -> str:
    """The whole document."""
    parts = [HEAD]
    for program in dict.fromkeys(command.program for command in COMMANDS):
        parts.append(f"## {program}\n\n```text\n{shown(program)}\n```\n")
        parts.extend(
            f"### {program} {command.name}\n\n```text\n{shown(program, command.name)}\n```\n"
            for command in COMMANDS
            if command.program == program
        )
    return "\n".join(parts)


def main() -> int:
    """Write the document, or say that it is old."""
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(rendered(), encoding="utf-8")
        return 0
    if DOCUMENT.read_text(encoding="utf-8") == rendered():
        return 0
    print(f"{DOCUMENT.name} is not what --help says: run 'make docs'.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
