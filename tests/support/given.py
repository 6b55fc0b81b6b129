"""Settings that tests give, read once for the same values: reading takes longer than many a step that is tested."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from progressive_capture.settings import Settings


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Return what the program reads from `values`, where nothing else says anything."""
    return _settings(tuple(sorted(values.items())))


@cache
def _settings(values: tuple[tuple[str, Any], ...]) -> Settings:
    return Settings.model_validate(dict(values))
