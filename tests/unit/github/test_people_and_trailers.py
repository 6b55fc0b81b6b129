"""People alike for both APIs, and co-authors from messages."""

import json

import pytest

from progressive_capture.domain.records import ContributorRow
from progressive_capture.github import rest_bodies as rest
from progressive_capture.github.nodes import Actor
from progressive_capture.github.people import People
from progressive_capture.github.rest_rows import person
from progressive_capture.github.trailers import co_authors


def test_a_bot_has_one_login_in_both_apis() -> None:
    people = People()
    by_graphql = people.actor(Actor("Bot", "dependabot", 49_699_333, "BOT_x"))
    by_rest = person(people, rest.User("dependabot[bot]", 49_699_333, "BOT_x", "Bot"))
    assert by_graphql == by_rest == (49_699_333, "dependabot")
    assert people.rows() == [ContributorRow(49_699_333, "BOT_x", "dependabot", "Bot", None)]


def test_a_user_may_call_itself_what_it_likes() -> None:
    assert person(People(), rest.User("odd[bot]", 5, "U", "User")) == (5, "odd[bot]")


def test_the_deleted_are_nobody() -> None:
    people = People()
    assert people.actor(None) == (None, None)
    assert person(people, None) == (None, None)
    assert person(people, rest.User()) == (None, None)
    assert person(people, rest.User("ghost", 10_137, "U")) == (None, None)
    assert people.actor(Actor("User", "ghost", 10_137, "U")) == (None, None)
    assert people.rows() == []


def test_actors_without_a_number_keep_their_login() -> None:
    people = People()
    assert people.actor(Actor("EnterpriseUserAccount", "someone")) == (None, "someone")
    assert people.rows() == []


def test_one_number_is_one_person() -> None:
    people = People()
    people.actor(Actor("User", "then", 1, "U_1", "A"))
    assert people.actor(Actor("User", "now", 1, "U_1", "A")) == (1, "now")
    assert [row.login for row in people.rows()] == ["then"]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Fix\n\nCo-authored-by: A B <a@x.invalid>", [("A B", "a@x.invalid")]),
        (
            "Fix\r\n\r\nco-authored-by:A <a@x.invalid>\r\nCO-AUTHORED-BY: B <b@x>\r\n",
            [("A", "a@x.invalid"), ("B", "b@x")],
        ),
        ("Co-authored-by: A <a@x>\nCo-authored-by: Again <A@x>\nCo-authored-by: <c@x>", [("A", "a@x"), ("", "c@x")]),
        ("Signed-off-by: A <a@x>", []),
        ("text Co-authored-by: A <a@x>", []),
        ("Co-authored-by: nobody", []),
        ("", []),
    ],
)
def test_co_authors(message: str, found: list[tuple[str, str]]) -> None:
    assert json.loads(co_authors(message)) == [{"name": name, "email": email} for name, email in found]
