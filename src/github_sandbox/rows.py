"""Reads the lines of a population file and refuses malformed ones by name; it makes no record."""

import datetime as dt
import gzip
import json
import zlib
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from github_sandbox.world.records import INT_MAX

Row: TypeAlias = dict[str, Any]

_TEXT: Final = (str,)
_MAYBE_TEXT: Final = (str, type(None))
_ROW: Final[dict[str, tuple[type, ...]]] = {
    "number": (int,),
    "title": _TEXT,
    "state": _TEXT,
    "author": (dict,),
    "head": (dict,),
    "base": (dict,),
    "first_commit_at": _TEXT,
    "head_committed_at": _TEXT,
    "merged_at": _MAYBE_TEXT,
    "merge_commit_sha": _MAYBE_TEXT,
    "merged_by": (dict, type(None)),
    "body": _MAYBE_TEXT,
    "commits": (list,),
    "files": (list,),
}
_PERSON: Final[dict[str, tuple[type, ...]]] = {"name": _TEXT, "id": _TEXT}
_COMMIT: Final[dict[str, tuple[type, ...]]] = {
    "sha": _TEXT,
    "author": (dict,),
    "authored_at": _TEXT,
    "committed_at": _TEXT,
    "message": _TEXT,
}
_FILE: Final[dict[str, tuple[type, ...]]] = {"path": _TEXT, "status": _TEXT, "additions": (int,), "deletions": (int,)}
_DATES: Final = ("first_commit_at", "head_committed_at", "merged_at")
_COMMIT_DATES: Final = ("authored_at", "committed_at")
_LAST_YEAR: Final = 9_000  # what is generated follows these dates, and must not leave the calendar
_STATES: Final = {"merged", "unmerged"}
STATUSES: Final = {
    "added": "ADDED",
    "removed": "DELETED",
    "modified": "MODIFIED",
    "renamed": "RENAMED",
    "copied": "COPIED",
    "changed": "CHANGED",
}


class SourceError(Exception):
    """A population cannot be had; the message is one sentence that says where and what to do."""


def read_rows(path: Path) -> list[Row]:
    """The rows of a JSON Lines file (gzip'd when its name ends in ``.gz``), by number.

    Raises:
        SourceError: it cannot be read, or a line (named) is not a pull request of this form.
    """
    rows: dict[int, Row] = {}
    for place, line in enumerate(_bytes(path).splitlines(), start=1):
        if not line.strip():
            continue
        row = _row(line, f"{path}, line {place}")
        if row["number"] in rows:
            raise SourceError(f"{path}, line {place}: pull request {row['number']} stands there already; remove one.")
        rows[row["number"]] = row
    return [rows[number] for number in sorted(rows)]


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"The population {path} cannot be read ({reason}); name a .jsonl or .jsonl.gz file."
        ) from None


def _row(line: bytes, where: str) -> Row:
    row = _parsed(line, where)
    _check(row, _ROW, where)
    if not 1 <= row["number"] <= INT_MAX or row["state"] not in _STATES:
        raise SourceError(f"{where}: number must be 1 to {INT_MAX} and state 'merged' or 'unmerged'.")
    _check_dates(row, _DATES, where)
    people = [row["author"], *([row["merged_by"]] if row["merged_by"] else [])]
    for commit in row["commits"]:
        _check(commit, _COMMIT, f"{where}, commits")
        _check_dates(commit, _COMMIT_DATES, f"{where}, commits")
        people.append(commit["author"])
    for person in people:
        _check(person, _PERSON, f"{where}, people")
    for file in row["files"]:
        _check(file, _FILE, f"{where}, files")
        if file["status"] not in STATUSES:
            raise SourceError(f"{where}, files: status {file['status']!r} is none of {', '.join(STATUSES)}.")
        if not (0 <= file["additions"] <= INT_MAX and 0 <= file["deletions"] <= INT_MAX):
            raise SourceError(f"{where}, files: additions and deletions must be 0 to {INT_MAX}.")
    _check(row["head"], {"sha": _TEXT}, f"{where}, head")
    _check(row["base"], {"sha": _TEXT, "ref": _MAYBE_TEXT}, f"{where}, base")
    return row


def _parsed(line: bytes, where: str) -> Row:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = _slowly(line, where)
    if not isinstance(row, dict):
        raise SourceError(f"{where}: a JSON object is expected; see the population's form.")
    return row


def _slowly(line: bytes, where: str) -> object:
    """Parse what orjson refuses: lone surrogates are allowed in JSON, and may stand in a population."""
    try:
        return json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{where}: this is not JSON ({error}); mend or remove the line.") from None
    except RecursionError:
        raise SourceError(f"{where}: this is nested too deeply; mend or remove the line.") from None


def _check(row: object, form: dict[str, tuple[type, ...]], where: str) -> None:
    if not isinstance(row, dict):
        raise SourceError(f"{where}: an object is expected, not {row!r:.40}.")
    for key, types in form.items():
        if key not in row:
            raise SourceError(f"{where}: {key!r} is missing; add it.")
        if not isinstance(row[key], types) or isinstance(row[key], bool):
            raise SourceError(f"{where}: {key!r} is {row[key]!r:.40}, which is not of the expected type.")


def _check_dates(row: Row, keys: tuple[str, ...], where: str) -> None:
    for key in keys:
        stamp = row[key]
        if stamp is not None and not _is_time(stamp):
            raise SourceError(
                f"{where}: {key!r} is {stamp!r:.40}, which is not a time; write it as ISO 8601 with its UTC offset."
            )


def _is_time(stamp: str) -> bool:
    try:
        moment = dt.datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return moment.tzinfo is not None and moment.year <= _LAST_YEAR
