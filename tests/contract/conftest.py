from collections.abc import Iterator

import pytest

from progressive_capture.store.database import Database
from progressive_capture.store.tables import METADATA


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Open an empty database with all tables, made directly: that migrations make the same is tested elsewhere."""
    database = Database.open(database_url)
    with database.transaction() as connection:
        METADATA.create_all(connection)
    yield database
    database.close()
