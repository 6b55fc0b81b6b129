"""A driver's exception becomes the sentence that says what to do."""

import sqlite3

import pytest

from progressive_capture.store import errors


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_IOERR_WRITE, errors.DiskFailed),
        (sqlite3.SQLITE_FULL, errors.DiskFull),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, errors.Locked),
        (sqlite3.SQLITE_ERROR, errors.StoreError),
    ],
)
def test_sqlite_codes_are_told_by_their_family(code: int, kind: type[errors.StoreError]) -> None:
    refused = sqlite3.OperationalError("what the driver says")
    refused.sqlite_errorcode = code
    assert type(errors.translate(refused)) is kind
    assert "what the driver says" in str(errors.translate(refused))
