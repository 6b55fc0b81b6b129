"""Who signs in to GitHub, from the settings: a part of the composition root, and nothing is asked here."""

from pydantic import SecretStr

from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.app_auth import AppInstallation
from progressive_capture.github.clock import ServerClock
from progressive_capture.github.credentials import Anonymous, Credential, Token
from progressive_capture.github.secrets import Secret
from progressive_capture.settings import Settings, SettingsError


def credentials_for(settings: Settings, address: ApiAddress, clock: ServerClock, owner_name: str) -> list[Credential]:
    """All that may be used for a repository, side by side; an App signs in where it is installed for it.

    Raises:
        SettingsError: a secret cannot be used.
    """
    if settings.uses_app:
        return [
            AppInstallation(
                app_id=settings.app_id or "",
                private_key=_secret(settings.app_key()),
                owner_name=owner_name,
                address=address,
                clock=clock,
                installation_id=settings.app_installation_id,
            )
        ]
    given = settings.tokens
    several = len(given) > 1
    found = [
        Token(_secret(token), place=f"token {number} of {len(given)}" if several else "")
        for number, token in enumerate(given, 1)
    ]
    return [*found] or [Anonymous()]


def credential_for_actions(settings: Settings, address: ApiAddress, clock: ServerClock) -> Credential:
    """The one that starts workflows.

    Raises:
        SettingsError: no repository has workflows, or a secret cannot be used.
    """
    if settings.actions_repository is None:
        raise SettingsError(
            "GitHub Actions is not set up: PC_ACTIONS_REPOSITORY names the repository with the workflows."
        )
    if settings.actions_token is not None:
        return Token(_secret(settings.actions_token))
    return credentials_for(settings, address, clock, settings.actions_repository)[0]


def _secret(text: SecretStr) -> Secret:
    return Secret(text.get_secret_value())
