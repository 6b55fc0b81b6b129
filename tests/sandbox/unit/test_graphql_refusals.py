"""Queries that are not run, and bytes on the wire."""

import json
from typing import Any

import pytest

from github_sandbox.graphql import RefusedQueryError, documents
from github_sandbox.world.node_ids import node_id
from tests.sandbox.graphql_world import RATE, REPOSITORY_ID, Someone, bench

SHARED = bench(10)


def refusal(query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    with pytest.raises(RefusedQueryError) as refused:
        SHARED.service.prepare(query, variables)
    return dict(refused.value.errors[0])


@pytest.mark.parametrize(
    ("query", "message", "path", "code"),
    [
        (
            "query { viewer { nope } }",
            "Field 'nope' doesn't exist on type 'User'",
            ["query", "viewer", "nope"],
            "undefinedField",
        ),
        (
            "query Q { me: viewer { ...F } } fragment F on User { nope }",
            "Field 'nope' doesn't exist on type 'User'",
            ["fragment F", "nope"],
            "undefinedField",
        ),
        (
            "query Q { rateLimit(wet: true) { cost } }",
            "Field 'rateLimit' doesn't accept argument 'wet'",
            ["query Q", "rateLimit", "wet"],
            "argumentNotAccepted",
        ),
        (
            '{ repository(name: "x") { id } }',
            "Field 'repository' is missing required arguments: owner",
            ["query", "repository"],
            "missingRequiredArguments",
        ),
        (
            "{ viewer }",
            (
                "Field must have selections (field 'viewer' returns User but has no selections. "
                "Did you mean 'viewer { ... }'?)"
            ),
            ["query", "viewer"],
            "selectionMismatch",
        ),
        (
            "query Q { user(login: $who) { id } }",
            "Variable $who is used by Q but not declared",
            ["query Q", "user", "login"],
            "variableNotDefined",
        ),
        (
            "query Q($who: String) { viewer { id } }",
            "Variable $who is declared by Q but not used",
            ["query Q"],
            "variableNotUsed",
        ),
    ],
)
def test_invalid_queries_are_refused_in_githubs_words(query: str, message: str, path: list[str], code: str) -> None:
    error = refusal(query)
    assert (error["message"], error["path"], error["extensions"]["code"]) == (message, path, code)
    assert error["locations"][0]["line"] == 1


def test_a_type_that_cannot_be_there_is_refused() -> None:
    error = refusal("{ viewer { ... on Bot { id } } }")
    assert "Bot" in error["message"]
    assert error["path"] == ["query", "viewer", "... on Bot"]


def test_what_does_not_parse_is_refused_with_its_place() -> None:
    error = refusal("{ viewer { login }")
    assert error["message"].startswith("Parse error")
    assert error["locations"] == [{"line": 1, "column": 19}]


@pytest.mark.parametrize(
    ("variables", "explanation"),
    [({}, "Expected value to not be null"), ({"n": "x"}, "Int cannot represent non-integer value: 'x'")],
)
def test_variables_that_do_not_fit_are_refused(variables: dict[str, Any], explanation: str) -> None:
    error = refusal("query($n: Int!) { viewer { repositories(first: $n) { totalCount } } }", variables)
    assert error == {
        "extensions": {"value": variables.get("n"), "problems": [{"path": [], "explanation": explanation}]},
        "locations": [{"line": 1, "column": 7}],
        "message": "Variable $n of type Int! was provided invalid value",
    }


def test_operations_are_chosen_by_name() -> None:
    query = "query A { viewer { login } } query B { rateLimit { cost } }"
    prepared = SHARED.service.prepare(query, None, "B")
    answer = SHARED.service.execute(prepared, asker=Someone(), rate=RATE)
    assert answer.data == {"rateLimit": {"cost": 1}}
    assert refusal(query)["message"] == "An operation name is required"
    with pytest.raises(RefusedQueryError, match='No operation named "C"'):
        SHARED.service.prepare(query, None, "C")


def test_nothing_can_be_changed_through_graphql() -> None:
    assert refusal('mutation { addStar(input: {starrableId: "x"}) { clientMutationId } }')["message"]


def test_an_argument_that_cannot_be_null_is_refused_where_it_stands() -> None:
    query = 'query($n: Int = 12) { repository(owner: "acme", name: "app") { pullRequest(number: $n) { id } } }'
    answer = SHARED.run(query, {"n": None})
    assert answer.data == {"repository": {"pullRequest": None}}
    assert answer.errors[0]["path"] == ["repository", "pullRequest"]


def test_text_that_utf8_cannot_carry_travels_as_escapes() -> None:
    world = bench(10)
    pull = world.repository.pulls.by_number(4)
    assert pull is not None
    pull.record["body"] = "nul \0 lone \ud83d end"
    query = (
        f'{{ node(id: "{node_id("PullRequest", REPOSITORY_ID, 400_000_004)}") {{ ... on PullRequest {{ body }} }} }}'
    )
    body = world.run(query).body()
    assert json.loads(body) == {"data": {"node": {"body": "nul \0 lone \ud83d end"}}}
    assert b"\\ud83d" in body


def test_an_answer_without_errors_has_no_errors_member() -> None:
    assert set(json.loads(SHARED.run("{ viewer { login } }").body())) == {"data"}


def test_five_hundred_and_twelve_texts_are_remembered() -> None:
    assert documents.REMEMBERED == 512
    assert documents._valid.cache_parameters()["maxsize"] == 512


def test_many_texts_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("github_sandbox.graphql.documents.REMEMBERED", 12)
    service = bench(1).service
    texts = [f"{{ a{number}: viewer {{ login }} }}" for number in range(15)]
    for text in (texts[0], *texts):
        service.prepare(text, None)
        service.prepare(texts[0], None)
    assert [*service._documents._known] == [*texts[4:], texts[0]]
