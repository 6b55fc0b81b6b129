"""The names of repositories as people type or paste them; whether one exists is not known here."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from progressive_capture.domain.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
"""Owners hold letters, digits, hyphens and (managed users) an underscore; names also dots, but are never dots alone.
https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication"""

_SECURE_COPY: Final = re.compile(r"(?:[^@/\s]+@)?(?P<host>[^:/\s]+):(?P<path>[^/].*)")
"""How git writes an ssh address: user@host:owner/name."""


_ONE: Final = re.compile(r"[^/]+/[^/]+/(pull|issues)/(?P<number>[0-9]{1,9})(/|$)")
"""The path of one pull request's page: who pastes it does not mean all of the repository."""

_ACCOUNT: Final = re.compile(r"([A-Za-z0-9_-]{1,100})/\*")


def without_accounts(given: Iterable[str]) -> tuple[list[str], list[str]]:
    """Tell `owner/*` from the rest: the rest as given, and the owners, each once."""
    rest, accounts = list[str](), dict[str, str]()
    for text in map(str.strip, given):
        if found := _ACCOUNT.fullmatch(text):
            accounts.setdefault(found[1].casefold(), found[1])
        else:
            rest.append(text)
    return rest, list(accounts.values())


def repository_names(given: Iterable[str], api_url: str) -> list[str]:
    """Read what was given as `owner/name`, each repository once, in the order given.

    Args:
        given: `owner/name`, or the address of a repository or of a page of lists or files below it, as copied
            from a browser or from git; the page of one pull request is not the repository.
        api_url: the REST base in use: an address of another host means another GitHub.

    Raises:
        UsageError: one of them names no repository of that GitHub.
    """
    found: dict[str, str] = {}
    for text in given:
        name = _read(text.strip(), api_url)
        found.setdefault(name.casefold(), name)
    return list(found.values())


def web_host(api_url: str) -> str | None:
    """The host whose pages people see, for a REST base; None for this machine, where any will do.

    https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
    """
    parts = urlsplit(api_url)
    if parts.scheme == "http":
        return None
    host = (parts.hostname or "").lower()
    return host if parts.path.endswith("/api/v3") else host.removeprefix("api.")


def _read(text: str, api_url: str) -> str:
    host, path = _apart(text)
    owner_name = "/".join(path.strip("/").split("/")[:2]) if host else path
    owner_name = owner_name.removesuffix(".git")
    if host and (one := _ONE.match(path.strip("/"))):
        raise UsageError(
            f"{text!r} is the address of one pull request or issue: give {owner_name} for the whole repository, with "
            f"--numbers {one['number']} where a command takes that and only that one is meant."
        )
    if not _NAME.fullmatch(owner_name):
        raise UsageError(f"{text!r} is no repository name: give it as owner/name, or paste its address.")
    ours = web_host(api_url)
    if host and ours and host.removeprefix("www.") != ours:
        raise UsageError(
            f"{text!r} is an address at {host}, but {api_url} serves {ours}: set PC_GITHUB_API_URL for that GitHub."
        )
    return owner_name


def _apart(text: str) -> tuple[str | None, str]:
    """Host and path of an address; no host for a bare name."""
    if "://" in text:
        try:
            parts = urlsplit(text)
        except ValueError:
            return None, text
        return (parts.hostname or "").lower() or None, parts.path
    if secure_copy := _SECURE_COPY.fullmatch(text):
        return secure_copy["host"].lower(), secure_copy["path"]
    first, _, rest = text.partition("/")
    if "." in first and "/" in rest:
        return first.lower(), rest
    return None, text
