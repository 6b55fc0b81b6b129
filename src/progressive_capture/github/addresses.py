"""Where GitHub's APIs are: which base addresses are allowed, and what follows from one; nothing is sent from here."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from progressive_capture.domain.errors import UsageError

DEFAULT: Final = "https://api.github.com"

_ENTERPRISE: Final = "/api/v3"


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """The two APIs of one GitHub: github.com, data residency, an Enterprise Server, or a stand-in."""

    rest: str
    """Without a slash at its end; it is the host's identity in the database."""
    graphql: str
    is_local: bool
    """On this machine: compression gains nothing."""

    @classmethod
    def parse(cls, text: str) -> "ApiAddress":
        """Check a REST base address and derive GraphQL's from it.

        https://docs.github.com/en/enterprise-server/graphql/guides/managing-enterprise-accounts#1-authenticate

        Raises:
            UsageError: it is no address of an API, or would send tokens in the clear.
        """
        parts = _split(text)
        local = is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not local:
            raise UsageError(f"The API address {text!r} would send tokens unencrypted: use https://.")
        netloc = parts.netloc.lower()
        path = parts.path.rstrip("/")
        rest = f"{parts.scheme}://{netloc}{path}"
        above = rest.removesuffix("/v3") if path.endswith(_ENTERPRISE) else rest
        return cls(rest, f"{above}/graphql", local)

    @property
    def web(self) -> str:
        """Where people see this GitHub: `https://github.com`, `https://HOST`."""
        base = self.rest.removesuffix(_ENTERPRISE)
        return base.replace("://api.", "://", 1)

    def run_link(self, owner_name: str, run_id: int) -> str:
        """Where people see a run of a workflow, and its logs."""
        return f"{self.web}/{owner_name}/actions/runs/{run_id}"

    def url(self, path: str) -> str:
        """The address of a REST path, which begins with a slash."""
        return f"{self.rest}{path}"

    def same_origin(self, location: str) -> str | None:
        """A redirect's target made absolute, or None where it would take the token to another server."""
        target = urlsplit(urljoin(self.rest + "/", location))
        home = urlsplit(self.rest)
        if (target.scheme, target.netloc.lower()) != (home.scheme, home.netloc):
            return None
        return target.geturl()


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> SplitResult:
    problem = UsageError(f"{text!r} is no API address: give one like {DEFAULT} or https://HOST{_ENTERPRISE}.")
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as broken:
        raise problem from broken
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise problem
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError("The API address must hold no user, query or fragment: give the token by its own setting.")
    return parts
