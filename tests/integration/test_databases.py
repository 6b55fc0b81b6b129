"""The fixtures themselves: each database is fresh, empty and of the kind that its name says."""

import psycopg
from sqlalchemy import create_engine, make_url, text


def test_a_database_is_empty_and_writable(empty_database_url: str) -> None:
    url = make_url(empty_database_url)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE only_here (id BIGINT)"))  # fails when another test's database is seen
        assert connection.execute(text("SELECT count(*) FROM only_here")).scalar_one() == 0
    engine.dispose()


def test_the_pooler_hands_each_transaction_to_another_connection(pooler_url: str) -> None:
    with (
        psycopg.connect(pooler_url, prepare_threshold=None) as first,
        psycopg.connect(pooler_url, prepare_threshold=None) as second,
    ):
        first.execute("SET application_name TO 'first'")
        first.commit()
        assert second.execute("SHOW application_name").fetchone() == ("first",)  # session state leaks: not ours to use


def test_the_server_listens_on_loopback_only(pg_url: str) -> None:
    with psycopg.connect(pg_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
