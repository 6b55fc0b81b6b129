"""App auth and webhooks from end to end: an App's JWT, its tokens, signed deliveries to a real listener."""

import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sandbox.conftest import Running, Start

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "It's a Secret to Everybody"


class Listener:
    """Takes deliveries; each is (headers, body). `status` is what it answers."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Condition()
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with outer.arrived:
                    outer.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
                    outer.arrived.notify_all()
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.taken) >= count, timeout=20)

    def guids(self) -> list[str]:
        return [headers["x-github-delivery"] for headers, _ in self.taken]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture(scope="module")
def running(serve: Start, key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Running:
    folder: Path = tmp_path_factory.mktemp("app")
    pem = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(key.public_key().public_bytes(*pem))
    installations = [
        {"id": 71, "account": "hostile", "repositories": ["private", "everything"], "points": 6_000},
        {"id": 72, "account": "sandbox"},
        {"id": 73, "account": "gone", "suspended": True},
    ]
    app = {"id": 7, "client_id": "Iv23abc", "public_key_file": "public.pem", "installations": installations}
    (folder / "tokens.json").write_text(json.dumps({"apps": [app]}))
    return serve("--repo", "sandbox/demo=generate:20", "--repo", "hostile", "--tokens", folder / "tokens.json")


def app_jwt(running: Running, key: rsa.RSAPrivateKey, issuer: str = "Iv23abc") -> dict[str, str]:
    now = int(httpx.get(f"{running.url}/_sandbox/clock").json()["now"])
    return {"authorization": "Bearer " + jwt.encode({"iat": now - 60, "exp": now + 500, "iss": issuer}, key, "RS256")}


def mint(running: Running, key: rsa.RSAPrivateKey, number: int, **body: object) -> httpx.Response:
    url = f"{running.url}/api/v3/app/installations/{number}/access_tokens"
    return httpx.post(url, headers=app_jwt(running, key), json=body)


def test_an_app_finds_itself_and_its_installations(running: Running, key: rsa.RSAPrivateKey) -> None:
    headers = app_jwt(running, key)
    assert httpx.get(f"{running.url}/app", headers=headers).json()["client_id"] == "Iv23abc"
    listed = httpx.get(f"{running.url}/app/installations", headers=headers).json()
    assert [each["id"] for each in listed] == [71, 72, 73]
    found = httpx.get(f"{running.url}/repos/hostile/private/installation", headers=headers).json()
    assert found["id"] == 71
    assert httpx.get(f"{running.url}/repos/hostile/empty/installation", headers=headers).status_code == 404
    assert httpx.get(f"{running.url}/repos/no/such/installation", headers=headers).status_code == 404
    assert httpx.get(f"{running.url}/app", headers={"authorization": "Bearer x"}).status_code == 401


def test_an_installation_is_found_through_a_former_name(running: Running, key: rsa.RSAPrivateKey) -> None:
    headers, changes = app_jwt(running, key), f"{running.url}/_sandbox/changes"

    def rename(name: str, to: str) -> None:
        change = {"type": "repository.rename", "repository": f"sandbox/{name}", "to": to}
        assert httpx.post(changes, json={"changes": [change]}).status_code == 200

    rename("demo", "moved")
    moved = httpx.get(f"{running.url}/repos/sandbox/demo/installation", headers=headers)
    assert moved.status_code == 301
    assert httpx.get(moved.headers["location"], headers=headers).json()["id"] == 72
    rename("moved", "demo")
    assert httpx.get(f"{running.url}/repositories/1/installation", headers=headers).status_code == 404


def test_an_installation_token_that_was_not_minted_is_refused(running: Running) -> None:
    with running.client("ghs_7_made.up.text") as client:
        assert client.get("/repos/sandbox/demo").status_code == 401


def test_an_installation_token_reads_for_an_hour(running: Running, key: rsa.RSAPrivateKey) -> None:
    made = mint(running, key, 71)
    assert made.status_code == 201
    body = made.json()
    assert body["token"].startswith("ghs_7_")
    assert body["repository_selection"] == "selected"
    with running.client(body["token"]) as client:
        answer = client.get("/repos/hostile/private")
        assert answer.json()["private"] is True
        assert answer.headers["x-ratelimit-limit"] == "6000"
        query = '{ repository(owner: "hostile", name: "private") { isPrivate } }'
        assert client.post("/graphql", json={"query": query}).json()["data"]["repository"]["isPrivate"] is True
        assert client.get("/user").status_code == 403
        httpx.post(f"{running.url}/_sandbox/clock", json={"advance": 3_600})
        assert client.get("/repos/hostile/private").status_code == 401


def test_a_token_can_be_narrowed_but_not_widened(running: Running, key: rsa.RSAPrivateKey) -> None:
    narrow = mint(running, key, 71, repositories=["everything"]).json()
    with running.client(narrow["token"]) as client:
        assert client.get("/repos/hostile/private").status_code == 404
        assert client.get("/repos/hostile/everything").status_code == 200
    assert mint(running, key, 71, repositories=["empty"]).status_code == 422
    assert mint(running, key, 73).status_code == 403
    assert mint(running, key, 99).status_code == 404


def change(running: Running, listener: Listener | None, mode: str = "", **more: Any) -> dict[str, Any]:
    row = {"type": "pull_request.edit", "repository": "sandbox/demo", "number": 1, "title": "Edited", **more}
    hook = {"url": listener.url, "secret": SECRET, **({"mode": mode} if mode else {})} if listener else {}
    answer = httpx.post(f"{running.url}/_sandbox/changes", json={"changes": [row], "webhooks": hook}, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_change_is_delivered_and_signed(running: Running, listener: Listener) -> None:
    told = change(running, listener)
    assert told["applied"] == 1
    assert told["events"] == [{"event": "pull_request", "action": "edited"}]
    (headers, body) = listener.taken[0]
    assert headers["x-github-event"] == "pull_request"
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    payload = json.loads(body)
    assert payload["pull_request"]["title"] == "Edited"
    assert payload["repository"]["full_name"] == "sandbox/demo"
    with running.client("x") as client:
        assert client.get("/repos/sandbox/demo/pulls/1").json()["title"] == "Edited"


def test_a_doubled_delivery_has_one_guid(running: Running, listener: Listener) -> None:
    change(running, listener, "doubled")
    assert len(listener.taken) == 2
    assert len(set(listener.guids())) == 1
    assert listener.taken[0][1] == listener.taken[1][1]


def test_a_lost_delivery_never_arrives_but_is_known(running: Running, listener: Listener) -> None:
    change(running, listener, "lost")
    assert listener.taken == []
    known = httpx.get(f"{running.url}/_sandbox/deliveries").json()
    assert known[-1]["lost"] is True


def test_a_delayed_delivery_comes_after_the_answer(running: Running, listener: Listener) -> None:
    hook = {"url": listener.url, "mode": "delayed", "delay_ms": 200}
    rows = [{"type": "pull_request.edit", "repository": "sandbox/demo", "number": 1, "title": "Late"}]
    httpx.post(f"{running.url}/_sandbox/changes", json={"changes": rows, "webhooks": hook}, timeout=30)
    assert listener.taken == []
    listener.wait_for(1)
    assert json.loads(listener.taken[0][1])["pull_request"]["title"] == "Late"


def test_a_failed_delivery_is_redelivered_on_request(
    running: Running, key: rsa.RSAPrivateKey, listener: Listener
) -> None:
    listener.status = 500
    change(running, listener)
    headers = app_jwt(running, key)
    failed = httpx.get(f"{running.url}/app/hook/deliveries?status=failure", headers=headers).json()[0]
    assert failed["status_code"] == 500
    listener.status = 200
    again = httpx.post(f"{running.url}/app/hook/deliveries/{failed['id']}/attempts", headers=headers, timeout=30)
    assert again.status_code == 202
    assert len(listener.taken) == 2
    assert len(set(listener.guids())) == 1
    newest = httpx.get(f"{running.url}/app/hook/deliveries", headers=headers).json()[0]
    assert (newest["redelivery"], newest["status"]) == (True, "OK")
    missing = httpx.post(f"{running.url}/app/hook/deliveries/999999/attempts", headers=headers)
    assert missing.status_code == 404


def test_nobody_listening_is_no_harm(running: Running, listener: Listener) -> None:
    listener.server.shutdown()
    listener.server.server_close()
    change(running, listener)
    assert httpx.get(f"{running.url}/_sandbox/deliveries").json()[-1]["status_code"] == 0


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"changes": [{"type": "nothing"}]}, "changes[0]: "),
        ({"changes": [3]}, "changes[0]: "),
        ({"change": []}, "unknown change"),
        ({"changes": [], "webhooks": {"mode": "eaten"}}, "mode must be one of redelivered, doubled, delayed, lost"),
        ({"changes": [], "webhooks": {"url": "file:///x"}}, "http://"),
    ],
)
def test_a_change_that_cannot_be_is_told_in_one_sentence(running: Running, body: object, told: str) -> None:
    answer = httpx.post(f"{running.url}/_sandbox/changes", json=body)
    assert answer.status_code == 422
    assert told in answer.json()["message"]
    assert "\n" not in answer.json()["message"]


def test_changes_before_a_bad_one_stay_and_are_delivered(running: Running, listener: Listener) -> None:
    good = {"type": "pull_request.edit", "repository": "sandbox/demo", "number": 1, "title": "Kept"}
    body = {"changes": [good, {"type": "nothing"}], "webhooks": {"url": listener.url}}
    answer = httpx.post(f"{running.url}/_sandbox/changes", json=body, timeout=30)
    assert (answer.status_code, answer.json()["applied"], len(listener.taken)) == (422, 1, 1)


@pytest.mark.parametrize("body", [{"advance": -1}, {"advance": "x"}, {"back": 3}])
def test_the_clock_only_moves_forward(running: Running, body: object) -> None:
    assert httpx.post(f"{running.url}/_sandbox/clock", json=body).status_code == 422


def test_unknown_control_routes_name_the_known_ones(running: Running) -> None:
    answer = httpx.get(f"{running.url}/_sandbox/nothing")
    assert answer.status_code == 404
    assert "POST /_sandbox/changes" in answer.json()["message"]
    assert httpx.get(f"{running.url}/_sandbox/truth/no/such").status_code == 404
