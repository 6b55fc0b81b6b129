"""Settings that tests give, read once for the same values: reading takes longer than many a step that is tested."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import SecretStr

from progressive_capture.settings import Settings, names

OF_EACH_TEST: Final = "DATABASE_URL"
"""What each test has of its own; as a setting it is taken as it is."""

KNOWN: Final = frozenset(name for setting in Settings.model_fields for name in names(setting))

Values = frozenset[tuple[str, Any]]


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Return what the program reads from `values`, and from the environment what they leave open."""
    around = frozenset((name, value) for name, value in os.environ.items() if name in KNOWN)  # noqa: TID251 - what settings are made from, as the key
    settings = _settings(frozenset((name, value) for name, value in values.items() if name != OF_EACH_TEST), around)
    if OF_EACH_TEST not in values:
        return settings
    return settings.model_copy(update={"database_url": SecretStr(values[OF_EACH_TEST])})


@cache
def _settings(values: Values, _around: Values) -> Settings:
    return Settings.model_validate(dict(values))
