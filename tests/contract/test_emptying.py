"""That no test begins with rows which another left behind in a transaction that it never ended."""

import psycopg
import pytest
from psycopg.errors import LockNotAvailable

from tests.contract.conftest import EMPTY


def test_a_database_in_which_somebody_still_writes_is_not_taken_for_empty(pg_tables_url: str) -> None:
    write = "INSERT INTO principals (host_id, fingerprint, principal, seen_at) VALUES (1, 'f', 'user:9', now())"
    impatient = psycopg.connect(pg_tables_url, autocommit=True, options="-c lock_timeout=1ms")
    with impatient, psycopg.connect(pg_tables_url) as leaking:
        leaking.execute(write)
        with pytest.raises(LockNotAvailable):
            impatient.execute(EMPTY)
        leaking.rollback()
        impatient.execute(EMPTY)
