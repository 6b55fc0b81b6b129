"""Tokens, principals and Apps."""

import base64
import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from github_sandbox.app_auth import App, Apps, BadJwtError, Installation
from github_sandbox.config_file import ConfigError
from github_sandbox.tokens import BadCredentialsError, Kind, Tokens, token_of
from github_sandbox.tokens_file import read_credentials

NOW = 1_800_000_000


@pytest.fixture(scope="module")
def private_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def public_of(private_key: RSAPrivateKey) -> str:
    key = private_key.public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def apps(private_key: RSAPrivateKey, now: float = NOW) -> Apps:
    installations = [Installation(71, "Octo", ("big",)), Installation(72, "all"), Installation(73, "x", suspended=True)]
    app = App(7, "Iv23abc", "capture", public_of(private_key), installations)
    return Apps([app], "s" * 64, lambda: now, lambda _account: ["one", "two"])


def signed(private_key: RSAPrivateKey, **claims: object) -> str:
    return jwt.encode({"iat": NOW - 60, "exp": NOW + 540, "iss": "7", **claims}, private_key, algorithm="RS256")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("token abc", "abc"),
        ("Basic " + base64.b64encode(b"user:abc").decode(), "abc"),
        ("Basic " + base64.b64encode(b"abc:x-oauth-basic").decode(), "abc"),
        ("Basic ###", ""),
        ("Digest abc", ""),
    ],
)
def test_a_token_is_read_from_each_scheme(header: str, token: str) -> None:
    assert token_of(header) == token


def test_any_token_is_a_user_of_its_own_without_a_file() -> None:
    tokens = Tokens(None, lambda _text: None)
    one, again, other = (tokens.viewer(f"Bearer {text}", NOW).principal for text in ("a", "a", "b"))
    assert one == again
    assert (one.key, one.login, one.database_id) != (other.key, other.login, other.database_id)


def test_a_text_in_an_installations_form_is_bad_once_apps_are_registered(private_key: RSAPrivateKey) -> None:
    assert Tokens(None, None).viewer("Bearer ghs_any", NOW).authenticated
    with pytest.raises(BadCredentialsError):
        Tokens(None, apps(private_key).read).viewer("Bearer ghs_any", NOW)


def test_no_token_is_nobody_with_60_requests() -> None:
    viewer = Tokens(None, lambda _text: None).viewer("", NOW)
    assert not viewer.authenticated
    assert viewer.principal.points["core"] == 60


def test_a_file_makes_tokens_one_principal_and_lets_them_expire(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text(
        '[tokens.a]\nuser = "alice"\n[tokens.b]\nuser = "Alice"\npoints = 9\nexpires_in = 60\nprivate = ["O/Secret"]\n'
    )
    known = read_credentials(path, NOW)
    tokens = Tokens(known.tokens, lambda _text: None)
    first, second = tokens.viewer("token a", NOW).principal, tokens.viewer("token b", NOW).principal
    assert first.key == second.key
    assert second.points["graphql"] == 9
    assert second.private == {"o/secret"}
    with pytest.raises(BadCredentialsError):
        tokens.viewer("token b", NOW + 60)
    with pytest.raises(BadCredentialsError):
        tokens.viewer("token unknown", NOW)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tokens.a]\n", "user is missing"),
        ('[tokens.a]\nuser = "x"\nlogin = "y"\n', "unknown login"),
        ("tokens = 3\n", "tokens must be dict"),
        ('[tokens.a]\nuser = ""\n', "user must not be empty"),
        ('[tokens.""]\nuser = "x"\n', "a token must not be empty"),
        ('[tokens.a]\nuser = "x"\npoints = -1\n', "points must be a whole number from 0"),
        ('[tokens.a]\nuser = "x"\nid = 0\n', "id must be a whole number from 1"),
        ('[tokens.a]\nuser = "x"\nexpires_in = nan\n', "expires_in must be a number"),
        ('[tokens.a]\nuser = "x"\nexpires_in = -5\n', "expires_in must be zero or more"),
        ('[tokens.a]\nuser = "x"\nprivate = ["only-a-name"]\n', "OWNER/NAME"),
        ('[[apps]]\nid = 1\npublic_key = "no key"\n', "no RSA public key"),
        ('[[apps]]\nid = -1\npublic_key = "x"\n', "id must be a whole number from 1"),
        (
            '[[apps]]\nid = 1\npublic_key = "x"\n[[apps.installations]]\nid = 1\naccount = ""\n',
            "account must not be empty",
        ),
        (
            '[[apps]]\nid = 1\npublic_key = "x"\n[[apps.installations]]\nid = 1\naccount = "a"\npoints = -3\n',
            "points must be a whole number from 0",
        ),
        (
            '[[apps]]\nid = 1\npublic_key = "x"\n[[apps.installations]]\nid = 1\naccount = "a"\nrepositories = ["b/c"]',
            "names without their owner",
        ),
        ("tokens = \n", "is not TOML"),
        ("[[apps]]\nid = 1\n", "public_key"),
        ('[[apps]]\nid = 1\npublic_key_file = "gone.pem"\n', "gone.pem cannot be read"),
    ],
)
def test_what_a_tokens_file_may_not_say(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        read_credentials(path, NOW)


@pytest.mark.parametrize(
    ("numbers", "complaint"), [((7, 7), "App 7 stands there twice"), ((7, 8), "installation 71 st")]
)
def test_an_id_stands_for_one_thing(
    tmp_path: Path, private_key: RSAPrivateKey, numbers: tuple[int, int], complaint: str
) -> None:
    rows = [
        {"id": number, "public_key": public_of(private_key), "installations": [{"id": 71, "account": "octo"}]}
        for number in numbers
    ]
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps({"apps": rows}))
    with pytest.raises(ConfigError, match=complaint):
        read_credentials(path, NOW)
    path.write_text(json.dumps({"apps": rows[:1]}))
    assert [app.id for app in read_credentials(path, NOW).apps] == [7]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_credentials(tmp_path / "none.json", NOW)


def test_a_jwt_by_app_id_or_client_id_is_accepted(private_key: RSAPrivateKey) -> None:
    assert apps(private_key).app_of(signed(private_key)).id == 7
    assert apps(private_key).app_of(signed(private_key, iss="Iv23abc")).id == 7


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        ({"exp": NOW + 900}, "too far in the future"),
        ({"exp": NOW - 1}, "must be a numeric value"),
        ({"iat": NOW + 120}, "'Issued at' claim"),
        ({"iss": "8"}, "Integration not found"),
    ],
)
def test_a_jwt_that_breaks_a_rule_is_refused_in_words(
    private_key: RSAPrivateKey, claims: dict[str, object], complaint: str
) -> None:
    with pytest.raises(BadJwtError, match=complaint):
        apps(private_key).app_of(signed(private_key, **claims))


def test_a_jwt_of_another_key_or_algorithm_is_refused(private_key: RSAPrivateKey) -> None:
    other = jwt.encode({"iat": NOW, "exp": NOW + 60, "iss": "7"}, "k" * 32, algorithm="HS256")
    for text in (other, "garbage", ""):
        with pytest.raises(BadJwtError, match="could not be decoded"):
            apps(private_key).app_of(text)


def test_an_installation_token_is_long_and_lives_an_hour(private_key: RSAPrivateKey) -> None:
    known = apps(private_key)
    app = known.app_of(signed(private_key))
    text, expires = known.mint(app, app.installations[0], ["big"])
    assert text.startswith("ghs_7_")
    assert len(text) > 200
    assert expires == NOW + 3_600
    tokens = Tokens({}, known.read)
    principal = tokens.viewer(f"Bearer {text}", NOW + 3_599).principal
    assert (principal.kind, principal.key) == (Kind.INSTALLATION, "installation:71")
    assert principal.private == {"octo/big"}
    with pytest.raises(BadCredentialsError):
        tokens.viewer(f"Bearer {text}", NOW + 3_600)


def test_two_tokens_of_one_installation_share_its_budget(private_key: RSAPrivateKey) -> None:
    known = apps(private_key)
    app = known.app_of(signed(private_key))
    minted = [known.mint(app, app.installations[1], None)[0] for _ in range(2)]
    assert minted[0] != minted[1]
    first, second = (known.read(text) for text in minted)
    assert first is not None
    assert first == second
    assert first.principal.private == {"all/one", "all/two"}


def test_a_changed_token_is_nobodys(private_key: RSAPrivateKey) -> None:
    known = apps(private_key)
    text, _ = known.mint(known.app_of(signed(private_key)), Installation(71, "Octo"), None)
    assert known.read(text[:-4] + "AAAA") is None
