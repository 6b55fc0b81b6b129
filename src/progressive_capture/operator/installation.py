"""What of our settings goes into a repository of workflows, as its secrets and variables; nothing is sent here."""

from enum import Enum
from typing import TYPE_CHECKING

from progressive_capture.domain.errors import UsageError
from progressive_capture.engines.actions import catalog
from progressive_capture.engines.actions.installing import Installation
from progressive_capture.operator.names import web_host
from progressive_capture.settings import Settings, names
from progressive_capture.store import urls

if TYPE_CHECKING:
    from pydantic import SecretStr

GITHUB = "github.com"


def installation(settings: Settings, repository: str, *, scheduled: bool, install: str | None) -> Installation:
    """Put together what runs in that repository need.

    Args:
        settings: as read here.
        repository: its `owner/name`.
        scheduled: whether workflows of the rollout run by themselves.
        install: the command that makes `pc` available on a runner; None leaves the one that is set.

    Raises:
        UsageError: runners could not work with these settings.
    """
    url = settings.database_url.get_secret_value()
    if urls.parse(url).is_sqlite:
        raise UsageError("Runners cannot reach a SQLite file: set DATABASE_URL to a PostgreSQL database first.")
    if settings.is_anonymous:
        raise UsageError("Runs need an App or tokens: set PC_APP_ID and PC_APP_PRIVATE_KEY, or PC_GITHUB_TOKENS.")
    secrets = {catalog.DATABASE: url}
    if settings.uses_app:
        secrets["PC_APP_PRIVATE_KEY"] = settings.app_key().get_secret_value()
    else:
        secrets["PC_GITHUB_TOKENS"] = "\n".join(map(_plain, settings.tokens))
    variables = _variables(settings) | ({catalog.INSTALL: install} if install else {})
    host = web_host(settings.github_api_url) or GITHUB
    return Installation(repository, host, secrets, variables, scheduled=scheduled)


def _variables(settings: Settings) -> dict[str, str]:
    """The settings that were given; an App's only where it is what runs sign in as."""
    fields = {names(field)[0]: field for field in Settings.model_fields}
    given = (name for name in catalog.CAPTURE_VARIABLES if fields[name] in settings.model_fields_set)
    kept = (name for name in given if settings.uses_app or not name.startswith("PC_APP_"))
    return {name: _text(getattr(settings, fields[name])) for name in kept}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return str(value.value if isinstance(value, Enum) else value)


def _plain(secret: "SecretStr") -> str:
    return secret.get_secret_value()
