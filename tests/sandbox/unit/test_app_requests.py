"""What an App asks with its JWT is counted, limited and spoiled as every other request is."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from github_sandbox.app_auth import App, Installation
from github_sandbox.composition import Options, served_routes
from github_sandbox.config_file import Table
from github_sandbox.faults_file import Rule, parse_rules
from github_sandbox.http.messages import Response
from github_sandbox.tokens_file import Credentials
from tests.sandbox.in_process import NOW, InProcess, in_process

MINT = "/app/installations/71/access_tokens"
MINT_ROUTE = "POST /app/installations/{installation_id}/access_tokens"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def with_app(key: rsa.RSAPrivateKey, *rules: dict[str, object], points: int = 5_000) -> InProcess:
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    app = App(7, "Iv23abc", "capture", pem.decode(), (Installation(71, "sandbox"),))
    read: tuple[Rule, ...] = parse_rules(Table("faults", {"faults": list(rules)}), served_routes())
    repo = "sandbox/demo=generate:3"
    return in_process(repo, options=Options(points=points), credentials=Credentials(None, (app,)), rules=read)


def ask(sandbox: InProcess, key: rsa.RSAPrivateKey, method: str, path: str) -> Response:
    text = jwt.encode({"iat": int(NOW) - 60, "exp": int(NOW) + 500, "iss": "Iv23abc"}, key, "RS256")
    return sandbox.ask(method, path, authorization=f"Bearer {text}")


def test_a_fault_reaches_the_minting_of_tokens(key: rsa.RSAPrivateKey) -> None:
    rule: dict[str, object] = {"name": "no token", "match": {"route": MINT_ROUTE, "nth": 2}, "effect": {"status": 503}}
    sandbox = with_app(key, rule)
    assert [ask(sandbox, key, "POST", MINT).status for _ in range(3)] == [201, 503, 201]
    assert sandbox.sandbox.stats.report()["faults"] == {"no token": 1}


def test_app_routes_are_counted_by_their_templates(key: rsa.RSAPrivateKey) -> None:
    sandbox = with_app(key)
    for method, path in (
        ("GET", "/app"),
        ("POST", MINT),
        ("GET", "/repos/sandbox/demo/installation"),
        ("GET", "/app/x"),
    ):
        ask(sandbox, key, method, path)
    report = json.loads(sandbox.ask("GET", "/_sandbox/stats").body)
    assert report["rest"]["by_route"] == {
        "GET /app": 1,
        MINT_ROUTE: 1,
        "GET /repos/{owner}/{repo}/installation": 1,
        "GET unknown": 1,
    }


def test_an_app_has_a_budget_of_its_own_and_is_refused_past_it(key: rsa.RSAPrivateKey) -> None:
    sandbox = with_app(key, points=2)
    answers = [ask(sandbox, key, "POST", MINT) for _ in range(3)]
    assert [each.headers["x-ratelimit-remaining"] for each in answers] == ["1", "0", "0"]
    assert [each.status for each in answers[:2]] == [201, 201]
    assert answers[2].status in {403, 429}
    token = json.loads(answers[0].body)["token"]
    assert sandbox.ask("GET", "/repos/sandbox/demo", authorization=f"token {token}").status == 200


def test_an_app_sends_a_user_agent_like_everyone(key: rsa.RSAPrivateKey) -> None:
    sandbox = with_app(key)
    assert sandbox.ask("GET", "/app", user_agent="").status == 401, "a JWT is asked for first"
    text = jwt.encode({"iat": int(NOW) - 60, "exp": int(NOW) + 500, "iss": "7"}, key, "RS256")
    assert sandbox.ask("GET", "/app", authorization=f"Bearer {text}", user_agent="").status == 403


@pytest.mark.parametrize("path", ["/repositories/x/installation", f"/repositories/{'9' * 5_000}/installation"])
def test_a_repository_number_that_is_none_is_404(key: rsa.RSAPrivateKey, path: str) -> None:
    assert ask(with_app(key), key, "GET", path).status == 404


def test_a_number_longer_than_any_id_is_404() -> None:
    sandbox = in_process("sandbox/demo=generate:3")
    assert sandbox.ask("GET", f"/repos/sandbox/demo/pulls/{'1' * 5_000}").status == 404
    assert sandbox.ask("GET", f"/repositories/{'1' * 5_000}/pulls").status == 404
