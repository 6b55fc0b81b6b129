from dataclasses import replace

from progressive_capture.domain.kinds import Source
from progressive_capture.store import repositories
from progressive_capture.store.database import Database
from progressive_capture.store.tables import REPOSITORIES
from tests.contract.store_rows import HOST, REPOSITORY, T0, T1, T2, repository, stored


def test_a_host_has_one_number(database: Database) -> None:
    with database.transaction() as connection:
        first = repositories.host_id(connection, "https://api.github.com")
        other = repositories.host_id(connection, "https://git.example.org/api/v3")
        assert repositories.host_id(connection, "https://api.github.com") == first != other


def test_a_repository_is_found_by_any_name_it_had(database: Database) -> None:
    with database.transaction() as connection:
        assert repositories.find_repository(connection, HOST, "octo/hello") is None
        repositories.save_repository(connection, HOST, repository(), T0, Source.GRAPHQL)
        repositories.save_repository(connection, HOST, repository(name="World"), T1, Source.GRAPHQL)
        found = repositories.find_repository(connection, HOST, "OCTO/hello")
        assert found is not None
        assert (found.id, found.owner_name, found.names) == (REPOSITORY, "Octo/World", ("Octo/World", "Octo/Hello"))
        assert repositories.find_repository(connection, HOST, "octo/world") == found
        assert repositories.find_repository(connection, HOST + 1, "octo/world") is None


def test_the_name_that_was_asked_for_leads_to_the_repository_that_answered(database: Database) -> None:
    with database.transaction() as connection:
        for asked in ("Octo/Before", "OCTO/before", "octo/Hello"):
            repositories.save_repository(connection, HOST, repository(), T0, Source.GRAPHQL, former_name=asked)
        found = repositories.find_repository(connection, HOST, "octo/BEFORE")
        assert found is not None
        assert (found.id, found.owner_name, found.names[0]) == (REPOSITORY, "Octo/Hello", "Octo/Hello")
        assert [name.lower() for name in found.names] == ["octo/hello", "octo/before"]
        repositories.save_repository(connection, HOST, repository(id=78, name="Before"), T1, Source.GRAPHQL)
        taken = repositories.find_repository(connection, HOST, "octo/before")
        assert taken is not None
        assert taken.id == 78


def test_a_repository_is_found_by_its_number(database: Database) -> None:
    with database.transaction() as connection:
        assert repositories.find_numbered(connection, HOST, REPOSITORY) is None
        repositories.save_repository(connection, HOST, repository(), T0, Source.GRAPHQL)
        found = repositories.find_numbered(connection, HOST, REPOSITORY)
        assert found == repositories.get(connection, HOST, REPOSITORY)
        assert repositories.find_numbered(connection, HOST + 1, REPOSITORY) is None


def test_a_name_belongs_to_whoever_was_seen_under_it_last(database: Database) -> None:
    with database.transaction() as connection:
        repositories.save_repository(connection, HOST, repository(), T0, Source.REST)
        repositories.save_repository(connection, HOST, repository(id=78, stars=1), T1, Source.REST)
        found = repositories.find_repository(connection, HOST, "octo/hello")
        assert found is not None
        assert found.id == 78
        assert repositories.get(connection, HOST, REPOSITORY).stars == 5


def test_an_older_answer_changes_nothing_and_unknown_totals_stay(database: Database) -> None:
    with database.transaction() as connection:
        repositories.save_repository(connection, HOST, repository(stars=7), T1, Source.GRAPHQL)
        repositories.save_repository(connection, HOST, repository(stars=6), T0, Source.GRAPHQL)
        late = repository(stars=8, pull_requests_total=None, is_empty=None)
        repositories.save_repository(connection, HOST, late, T2, Source.REST)
        (row,) = stored(connection, REPOSITORIES)
        assert (row["stars"], row["pull_requests_total"], row["is_empty"]) == (8, 3, False)


def test_what_is_remembered_for_the_next_walk(database: Database) -> None:
    with database.transaction() as connection:
        repositories.save_repository(connection, HOST, repository(), T0, Source.GRAPHQL)
        for at in (T1, T2, T0):
            repositories.raise_watermark(connection, HOST, REPOSITORY, at)
        repositories.set_contributors_total(connection, HOST, REPOSITORY, 12, T1)
        repositories.remember_page_size(connection, HOST, REPOSITORY, "hydrate", 29)
        repositories.remember_page_size(connection, HOST, REPOSITORY, "hydrate", 14)
        assert repositories.page_sizes(connection, HOST, REPOSITORY) == {"hydrate": 14}
        found = repositories.get(connection, HOST, REPOSITORY)
        assert (found.watermark, found.contributors_total, found.contributors_counted_at) == (T2, 12, T1)
        repositories.save_repository(connection, HOST, repository(), T2, Source.GRAPHQL)
        assert repositories.get(connection, HOST, REPOSITORY) == replace(found, captured_at=T2)
