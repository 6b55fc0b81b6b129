"""What the environment says, read once and frozen; the only place that reads it, and no decision of any room."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from progressive_capture.domain.errors import UsageError
from progressive_capture.github.addresses import DEFAULT, ApiAddress
from progressive_capture.queue_settings import QueueSettings, Text
from progressive_capture.run_settings import RunSettings

SHORTEST_SECRET: Final = 12
"""Characters below which a word of a secret may be a word of any text: in the frame of a private key, for instance."""

_BETWEEN: Final = re.compile(r"[,\r\n]")


class SettingsError(UsageError):
    """A setting cannot be used; the message names it and says what it wants."""


class Settings(QueueSettings, RunSettings):
    """Every setting; its name of ours (`PC_…`) counts before the common one, and an empty value is none.

    On GitHub's runners `GITHUB_*` cannot be overridden, hence the names of ours.
    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, case_sensitive=True, hide_input_in_errors=True
    )

    github_api_url: Text = Field(
        default=DEFAULT,
        validation_alias=AliasChoices("PC_GITHUB_API_URL", "GITHUB_API_URL"),
        description="an address such as https://api.github.com or https://github.example.com/api/v3",
    )
    own_tokens: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("PC_GITHUB_TOKENS", "PC_GITHUB_TOKEN"),
        description="tokens with commas or line ends between them",
    )
    common_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GITHUB_TOKEN", "GH_TOKEN"), description="a token"
    )
    app_id: Text | None = Field(
        default=None,
        validation_alias=AliasChoices("PC_APP_ID", "CONTRIBUTOR_APP_ID"),
        description="the App's client id or numeric id",
    )
    app_private_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("PC_APP_PRIVATE_KEY", "CONTRIBUTOR_APP_PRIVATE_KEY"),
        description="the App's private key as PEM text",
    )
    app_private_key_file: Path | None = Field(
        default=None, validation_alias="PC_APP_PRIVATE_KEY_FILE", description="the path of the App's private key"
    )
    app_installation_id: int | None = Field(
        default=None, ge=1, validation_alias="PC_APP_INSTALLATION_ID", description="a whole number from 1"
    )
    database_url: SecretStr = Field(
        default=SecretStr("progressive-capture.db"),
        validation_alias="DATABASE_URL",
        description="a file's path or a postgresql:// address",
    )
    rest_per_minute: int = Field(
        default=900, ge=0, validation_alias="PC_REST_PER_MINUTE", description="a whole number from 0 (0: no pacing)"
    )
    graphql_per_minute: int = Field(
        default=2_000,
        ge=0,
        validation_alias="PC_GRAPHQL_PER_MINUTE",
        description="a whole number from 0 (0: no pacing)",
    )
    debug: bool = Field(default=False, validation_alias="PC_DEBUG", description="0 or 1")

    @classmethod
    def read(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsError: a value cannot be used; no value is ever part of the message.
        """
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None  # the cause could show a value

    @field_validator("github_api_url")
    @classmethod
    def _safe_address(cls, address: str) -> str:
        try:
            return ApiAddress.parse(address).rest
        except UsageError as error:
            raise SettingsError(f"{_named('github_api_url')}: {error}") from error

    @model_validator(mode="after")
    def _whole_app(self) -> Self:
        keyed = self.app_private_key is not None or self.app_private_key_file is not None
        if self.app_id is not None and not keyed:
            raise SettingsError("PC_APP_ID is set without its key: set PC_APP_PRIVATE_KEY or PC_APP_PRIVATE_KEY_FILE.")
        if self.app_id is None and keyed:
            raise SettingsError("The App's private key is set without its App: set PC_APP_ID.")
        return self

    @property
    def tokens(self) -> tuple[SecretStr, ...]:
        """The tokens to use side by side, each once; a common token only where no App is set.

        Raises:
            SettingsError: one holds white space, or a character that no token has.
        """
        own = _tokens("own_tokens", self.own_tokens)
        if own or self.app_id is not None:
            return own
        return _tokens("common_token", self.common_token)

    @property
    def secret_texts(self) -> frozenset[str]:
        """Every secret that is set, each token and line by itself, for whatever must not show one."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "database_url"}
        texts = " ".join(each.get_secret_value() for each in given.values() if isinstance(each, SecretStr))
        words = {word for word in texts.replace(",", " ").split() if len(word) >= SHORTEST_SECRET}
        with suppress(ValueError):  # an address that is none is told of when it is opened
            password = urlsplit(self.database_url.get_secret_value()).password or ""
            words |= {password, unquote(password)}
        return frozenset(words - {""})

    @property
    def uses_app(self) -> bool:
        """Whether the GitHub App is what we sign in with: tokens under a name of ours come before it."""
        return self.app_id is not None and not self.tokens

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing to sign in with is set: GitHub then answers by REST alone."""
        return not self.tokens and not self.uses_app

    def app_key(self) -> SecretStr:
        r"""Give the App's private key as PEM text; runners and hosts often hold its line ends as a literal `\n`.

        Raises:
            SettingsError: the file cannot be read, or this is no PEM text.
        """
        text = self._key_text().replace("\\n", "\n").strip().strip('"').strip()
        if not (text.startswith("-----BEGIN ") and "PRIVATE KEY-----" in text):
            raise SettingsError(
                "PC_APP_PRIVATE_KEY is not a private key: it wants the whole PEM file that GitHub gave, "
                "from -----BEGIN to the last line."
            )
        return SecretStr(text + "\n")

    def _key_text(self) -> str:
        if self.app_private_key is not None:
            return self.app_private_key.get_secret_value()
        if self.app_private_key_file is None:
            raise SettingsError("PC_APP_PRIVATE_KEY is not set.")
        try:
            return self.app_private_key_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(
                f"PC_APP_PRIVATE_KEY_FILE: {self.app_private_key_file} cannot be read ({reason}): "
                "check its path and rights."
            ) from error


def names(field: str) -> tuple[str, ...]:
    """The environment names of a setting, the one that counts first in front."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (str(alias),)


def _named(field: str) -> str:
    return " or ".join(names(field))


def _explain(error: ValidationError) -> str:
    """Say which settings are wrong and what they want, never what they hold."""
    wrong = {str(each["loc"][0]) for each in error.errors(include_input=False, include_url=False)}
    wants = [
        f"{_named(field)} wants {info.description}"
        for field, info in Settings.model_fields.items()
        if names(field)[0] in wrong
    ]
    return "; ".join(wants) + "."


def _tokens(field: str, held: SecretStr | None) -> tuple[SecretStr, ...]:
    text = held.get_secret_value() if held is not None else ""
    found = dict.fromkeys(filter(None, map(str.strip, _BETWEEN.split(text))))
    if any(len(token.split()) > 1 for token in found):
        raise SettingsError(
            f"{_named(field)} holds white space within a token: give tokens alone, without a word before them, "
            "and with commas or line ends between them."
        )
    if any(not (token.isascii() and token.isprintable()) for token in found):
        raise SettingsError(
            f"{_named(field)} holds a character that no token has: copy it again from where it was made."
        )
    return tuple(SecretStr(token) for token in found)
