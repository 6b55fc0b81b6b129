"""Arguments and options that several commands share, with their help; what they mean is worked out elsewhere."""

from typing import Annotated, Final, TypeAlias

import typer

from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import SourceChoice

MOST: Final = 999_999_999_999
"""The greatest id or number of anything that can be asked about: a larger one may fit no database."""

Names: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="NAME", help="Repositories as owner/name, or their addresses pasted.")
]
Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="A repository as owner/name, or its address.")]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="DATE|Nd", help="Pull requests updated since a date (UTC), or in the last N days: 30d."),
]
Until: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DATE", help="Pull requests updated up to the end of a date (UTC), or a moment.")
]
Numbers: TypeAlias = Annotated[
    str | None, typer.Option(metavar="1,5-9", help="These pull requests only; the list is not walked.")
]
Limit: TypeAlias = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=MOST, help="The N pull requests that were updated last.")
]
Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="KIND", help=f"These kinds only, repeated or with commas: {', '.join(Kind)}."),
]
From: TypeAlias = Annotated[
    SourceChoice,
    typer.Option(help="Which API to use: the better one for each request, or one alone.", show_choices=True),
]
Full: TypeAlias = Annotated[
    bool, typer.Option("--full", help="Capture all again, and mark what GitHub no longer shows as deleted.")
]
Patches: TypeAlias = Annotated[
    bool, typer.Option("--patches", help="Also store the patch of each changed file (one REST request a pull request).")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")]
Live: TypeAlias = Annotated[bool, typer.Option("--live", help="Ask GitHub for its totals again.")]
Known: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="NAME", help="Repositories that are known here: as owner/name, or GitHub's numeric ids."),
]
Percentage: TypeAlias = Annotated[
    float, typer.Argument(metavar="PERCENTAGE", min=0, max=100, help="From 0 to 100, without a sign: 50 or 33.3.")
]
Reason: TypeAlias = Annotated[str | None, typer.Option(metavar="TEXT", help="Why; it is kept with the change.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
