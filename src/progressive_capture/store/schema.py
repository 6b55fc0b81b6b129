"""Which version of the schema a database has, and the way to this program's; the tables themselves stand elsewhere."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from progressive_capture.store.errors import SchemaTooNew

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every revision of the schema, oldest first; kept here so that an ordinary start need not load Alembic."""


def revision(connection: Connection) -> str | None:
    """Return the database's revision, None when nothing was ever set up there."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def refuse_newer(connection: Connection) -> str | None:
    """See that the program knows the database's revision, and return it.

    Raises:
        SchemaTooNew: it does not.
    """
    found = revision(connection)
    if found is not None and found not in REVISIONS:
        raise SchemaTooNew(found)
    return found


def is_current(connection: Connection) -> bool:
    """Whether the database has this program's revision.

    Raises:
        SchemaTooNew: it has one that the program does not know.
    """
    return refuse_newer(connection) == REVISIONS[-1]


def upgrade(connection: Connection, to: str = REVISIONS[-1]) -> None:
    """Run the missing migrations within the caller's transaction: all of them up to a revision, or none."""
    from alembic import command  # noqa: PLC0415 - a third of a second that only a first run spends
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
