"""The text of a changed file's patch, made from its record when asked for; nothing is stored."""

from github_sandbox.world.records import Record
from github_sandbox.world.stable import number_of

_LINES_IN_HUNK = 12


def patch_of(file: Record) -> str | None:
    """The unified diff that REST calls ``patch``; None for a binary, an unchanged or a too large file.

    It has exactly `additions` lines with ``+`` and `deletions` lines with ``-``; the text in them is made up.
    https://docs.github.com/rest/pulls/pulls#list-pull-requests-files
    """
    if not file["_restHasPatch"]:
        return None
    added, deleted = file["additions"], file["deletions"]
    start = 1 + number_of("patch", file["path"]) % 400
    head = f"@@ -{start if deleted else 0},{deleted} +{start if added else 0},{added} @@"
    lines = [head]
    lines += [f"-    value_{start + line} = compute({line % _LINES_IN_HUNK})" for line in range(deleted)]
    lines += [f"+    value_{start + line} = compute({line % _LINES_IN_HUNK}, checked=True)" for line in range(added)]
    return "\n".join(lines)
