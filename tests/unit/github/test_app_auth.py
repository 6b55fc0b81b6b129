"""The App's installation: its claim, its tokens' lives, and what GitHub may refuse."""

import json
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.kinds import Source
from progressive_capture.github.api import GitHubApi
from progressive_capture.github.app_auth import AppInstallation, signed_claim
from progressive_capture.github.clock import ServerClock
from progressive_capture.github.outcomes import Broken, Denied, Moved, Page
from progressive_capture.github.secrets import Secret
from progressive_capture.github.surroundings import Surroundings
from progressive_capture.github.transport import Lack, NoAnswer
from tests.unit.github.fakes import ADDRESS, NOW, FakeClock, Grants, Script, http_date, reply, run

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = Secret(KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode())
LONG = "ghs_123_" + "eyJhbGciOiJSUzI1NiJ9." * 30


def minted(token: str, minutes: float = 60, at: datetime = NOW) -> Any:
    expires = (at + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return reply(201, {"token": token, "expires_at": expires, "permissions": {}})


FOUND = reply(200, {"id": 88})


def app(
    script: Script, clock: FakeClock, budgets: Grants | None = None, *, owner_name: str = "o/r", **more: Any
) -> GitHubApi:
    server = ServerClock(clock)
    installation = AppInstallation("12", PEM, owner_name, ADDRESS, server, **more)
    world = Surroundings(budgets or Grants(), "here:1", clock.sleep, lambda: 0.5, server)
    return GitHubApi(ADDRESS, installation, world, script)


def bearer(script: Script, place: int) -> str:
    return script.sent[place].headers["authorization"].removeprefix("Bearer ")


def test_the_claim_is_signed_dated_back_and_short_lived() -> None:
    claim = jwt.decode(
        signed_claim("12", PEM, NOW).reveal(), KEY.public_key(), ["RS256"], options={"verify_exp": False}
    )
    assert claim["iss"] == "12"
    assert NOW.timestamp() - claim["iat"] == 60
    assert 0 < claim["exp"] - NOW.timestamp() < 600


@pytest.mark.parametrize("key", ["", "nonsense", "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----"])
def test_a_key_that_is_none_is_told_in_a_sentence(key: str) -> None:
    with pytest.raises(UsageError, match="PEM"):
        signed_claim("12", Secret(key), NOW)


def test_the_installation_is_found_and_a_token_used_for_many_requests() -> None:
    script, budgets = Script(FOUND, minted(LONG), reply(200, [{}]), reply(200, [{}])), Grants()
    api = app(script, FakeClock(), budgets)
    run(api.count_contributors("o/r"))
    run(api.count_contributors("o/r"))
    assert [request.url.removeprefix(ADDRESS.rest) for request in script.sent[:2]] == [
        "/repos/o/r/installation",
        "/app/installations/88/access_tokens",
    ]
    assert bearer(script, 2) == bearer(script, 3) == LONG
    assert [want.principal for want in budgets.wanted] == ["installation:88"] * 2, "the App's own requests cost nothing"
    assert run(api.principal()) == Page("installation:88")
    assert api.usage.rest.requests == 4
    assert api.usage.rest.points == 2


def test_an_account_has_an_installation_too() -> None:
    script = Script(FOUND, minted(LONG), reply(200, []))
    run(app(script, FakeClock(), owner_name="o").directory.repositories_of("o"))
    assert script.sent[0].url.removeprefix(ADDRESS.rest) == "/users/o/installation"


def test_a_token_is_renewed_five_minutes_before_it_ends() -> None:
    clock = FakeClock()
    later = NOW + timedelta(minutes=55, seconds=1)
    script = Script(minted("ghs_a"), reply(200, []), minted("ghs_b", at=later), reply(200, []))
    api = app(script, clock, installation_id=88)
    run(api.count_contributors("o/r"))
    clock.time = later
    run(api.count_contributors("o/r"))
    assert (bearer(script, 1), bearer(script, 3)) == ("ghs_a", "ghs_b")


def test_a_refused_token_is_renewed_once() -> None:
    refused = reply(401, {"message": "Bad credentials"})
    script = Script(minted("ghs_a"), refused, minted("ghs_b"), reply(200, [{}]))
    assert run(app(script, FakeClock(), installation_id=88).count_contributors("o/r")) == Page(1)
    assert [bearer(script, place) for place in (1, 3)] == ["ghs_a", "ghs_b"]
    script = Script(minted("ghs_a"), refused, minted("ghs_b"), refused)
    assert isinstance(run(app(script, FakeClock(), installation_id=88).count_contributors("o/r")), Denied)
    assert len(script.sent) == 4


def test_a_claim_refused_for_our_wrong_clock_is_made_by_the_servers() -> None:
    ahead = NOW + timedelta(hours=2)
    date = http_date(ahead)
    script = Script(
        reply(401, {"message": "'Expiration time' claim is too far away"}, date=date),
        minted("ghs_a", at=ahead),
        reply(200, [], date=date),
    )
    run(app(script, FakeClock(), installation_id=88).count_contributors("o/r"))
    claims = [jwt.decode(bearer(script, place), options={"verify_signature": False}) for place in (0, 1)]
    assert claims[1]["iat"] - claims[0]["iat"] == 7_200


def test_public_repositories_elsewhere_are_read_as_any_installation() -> None:
    script = Script(reply(404), reply(200, [{"id": 99}]), minted("ghs_a"), reply(200, [{}]))
    api = app(script, FakeClock())
    assert run(api.count_contributors("o/r")) == Page(1)
    assert run(api.principal()) == Page("installation:99")


def test_the_installation_of_a_renamed_repository_is_found_where_github_points() -> None:
    moved = reply(301, {"message": "Moved Permanently"}, location=f"{ADDRESS.rest}/repositories/9/installation")
    script = Script(moved, FOUND, minted(LONG), reply(200, [{}]))
    assert run(app(script, FakeClock()).count_contributors("o/r")) == Page(1)
    assert script.sent[1].url == f"{ADDRESS.rest}/repositories/9/installation"
    assert script.sent[2].url == f"{ADDRESS.rest}/app/installations/88/access_tokens"


def test_the_claim_follows_no_redirect_to_another_server() -> None:
    elsewhere = "https://elsewhere.example/repositories/9/installation"
    outcome = run(app(Script(reply(301, location=elsewhere)), FakeClock()).look_up_repository("o/r", Source.REST))
    assert outcome == Moved(elsewhere, permanent=True)


def test_an_installation_that_was_found_is_looked_up_anew_once_its_token_is_refused() -> None:
    refused, again = reply(401, {"message": "Bad credentials"}), reply(200, {"id": 89})
    script = Script(FOUND, minted("ghs_a"), refused, again, minted("ghs_b"), reply(200, [{}]))
    api = app(script, FakeClock())
    assert run(api.count_contributors("o/r")) == Page(1)
    assert script.sent[4].url == f"{ADDRESS.rest}/app/installations/89/access_tokens"
    assert run(api.principal()) == Page("installation:89")


def test_an_installation_that_is_gone_is_looked_up_anew_by_the_next_request() -> None:
    script = Script(FOUND, reply(404), reply(200, {"id": 89}), minted("ghs_b"), reply(200, [{}]))
    api = app(script, FakeClock())
    assert run(api.count_contributors("o/r")) == Page(None)
    assert run(api.count_contributors("o/r")) == Page(1)
    assert script.sent[3].url == f"{ADDRESS.rest}/app/installations/89/access_tokens"


def test_an_app_that_is_nowhere_installed_is_told_so() -> None:
    outcome = run(app(Script(reply(404), reply(200, [])), FakeClock()).look_up_repository("o/r", Source.GRAPHQL))
    assert isinstance(outcome, Denied)
    assert "not installed" in outcome.why


@pytest.mark.parametrize("status", [403, 404])
def test_a_suspended_or_removed_installation_is_told_so(status: int) -> None:
    script = Script(FOUND, reply(status, {"message": "This installation has been suspended"}))
    outcome = run(app(script, FakeClock()).look_up_repository("o/r", Source.GRAPHQL))
    assert isinstance(outcome, Denied)


def test_passing_faults_while_signing_in_are_repeated() -> None:
    script = Script(NoAnswer(Lack.CONNECTION, "reset"), FOUND, reply(502), minted("ghs_a"), reply(200, [{}]))
    assert run(app(script, FakeClock()).count_contributors("o/r")) == Page(1)
    lost = Script(*[NoAnswer(Lack.CONNECTION, "reset")] * 5)
    assert isinstance(run(app(lost, FakeClock()).look_up_repository("o/r", Source.GRAPHQL)), Broken)


def test_signing_in_without_a_connection_says_that_there_was_none() -> None:
    """Else it would be held against GraphQL, though REST is at the same address."""
    lost = Script(NoAnswer(Lack.UNREACHED, "It is not there."))
    outcome = run(AppInstallation("12", PEM, "o/r", ADDRESS, ServerClock(FakeClock())).token(lost.send))
    assert outcome == Broken("It is not there.", retryable=True, unreached=True)


def test_nothing_prints_the_key_or_a_token() -> None:
    installation = AppInstallation("12", PEM, "o/r", ADDRESS, ServerClock(FakeClock()))
    run(installation.token(Script(FOUND, minted(LONG)).send))
    assert LONG not in repr(installation)
    assert "PRIVATE" not in repr(installation)
    assert json.dumps(installation.fingerprint).isascii()
