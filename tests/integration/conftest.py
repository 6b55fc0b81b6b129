"""Fixtures of captures against sandboxes."""

from tests.sandbox.conftest import serve

__all__ = ["serve"]
