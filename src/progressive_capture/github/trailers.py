"""Co-authors as a commit message's trailers name them; pure text."""

import json
import re
from typing import Final

_TRAILER: Final = re.compile(
    r"^co-authored-by:[ \t]*([^<\n]*?)[ \t]*<([^>\n]*)>[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
"""https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors"""

NONE: Final = "[]"


def co_authors(message: str) -> str:
    """JSON array of {"name", "email"} in the order of the lines, each e-mail address once; `[]` when there are none."""
    if "-by:" not in message and "-BY:" not in message and "-By:" not in message:
        return NONE
    found = {email.lower(): {"name": name, "email": email} for name, email in reversed(_TRAILER.findall(message))}
    return json.dumps(list(reversed(found.values())), ensure_ascii=False) if found else NONE
