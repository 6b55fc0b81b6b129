"""How help is laid out: what Typer shows of its own insides is left out; the words stand with each command."""

from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click.formatting import HelpFormatter

HELP_OPTIONS: Final = ("-h", "--help")


class HelpfulCommand(TyperCommand):
    """A command whose arguments are shown by their names alone: `NAME`, not `NAME <list[str]>`."""

    def format_options(self, ctx: typer.Context, formatter: "HelpFormatter") -> None:  # type: ignore[override] # Typer's own class
        """List arguments, then options."""
        shown = [(each.param_type_name, each.get_help_record(ctx)) for each in self.get_params(ctx)]
        arguments = [
            (record[0].partition(" <")[0], record[1]) for kind, record in shown if record and kind == "argument"
        ]
        options = [record for kind, record in shown if record and kind == "option"]
        for heading, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # as above
        """Write `NAME...`; braces stand around a choice alone."""
        pieces = super().collect_usage_pieces(ctx)
        return [each if "|" in each else each.replace("{", "").replace("}", "") for each in pieces]


class HelpfulGroup(TyperGroup):
    """A program that answers `--help` and `--version` itself: an option of Typer's, left out, would load pydantic."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # Typer's own class
        """Answer what stands in front of any command."""
        if args and args[0] in HELP_OPTIONS:
            typer.echo(ctx.get_help())
            ctx.exit()
        if args[:1] == ["--version"]:
            from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

            typer.echo(f"{ctx.info_name} {version('progressive-capture')}")
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_options(self, ctx: typer.Context, formatter: "HelpFormatter") -> None:  # type: ignore[override] # as above
        """List both before the commands."""
        options = [("--version", "Show the version and exit."), ("-h, --help", "Show this message and exit.")]
        with formatter.section("Options"):
            formatter.write_dl(options)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: typer.Context, formatter: "HelpFormatter") -> None:  # type: ignore[override] # as above
        """List what each command does in a whole sentence: Typer cuts them off at the width of a line."""
        rows = [(name, (self.commands[name].help or "").partition("\n")[0]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
