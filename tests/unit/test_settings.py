"""Settings: names, precedence, refusals in one sentence, and secrets that stay inside."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from progressive_capture import settings as module
from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.quotas import Mode, Quota
from progressive_capture.domain.rollout import RolloutEnvironment, Strategy
from progressive_capture.operator.logs import without_secrets
from progressive_capture.settings import Settings, SettingsError

PEM = "-----BEGIN RSA PRIVATE KEY-----\nQUJD\n-----END RSA PRIVATE KEY-----"
EVERY_NAME = [name for field in Settings.model_fields for name in module.names(field)]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EVERY_NAME:
        monkeypatch.delenv(name, raising=False)


def read(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings.read()


def plain(settings: Settings, field: str) -> object:
    held = getattr(settings, field)
    return held.get_secret_value() if isinstance(held, SecretStr) else held


def shown(settings: Settings) -> list[str]:
    return [token.get_secret_value() for token in settings.tokens]


def test_defaults_need_no_environment() -> None:
    settings = Settings.read()
    assert settings.github_api_url == "https://api.github.com"
    assert settings.database_url.get_secret_value() == "progressive-capture.db"
    assert (settings.rest_per_minute, settings.graphql_per_minute) == (900, 2_000)
    assert settings.tokens == ()
    assert not settings.uses_app
    assert not settings.debug


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("github_api_url", "https://a.example/api/v3", "https://b.example/api/v3"),
        ("own_tokens", "one", "two"),
        ("common_token", "one", "two"),
        ("app_id", "Iv1.one", "2"),
        ("app_private_key", PEM, PEM.replace("QUJD", "REVG")),
    ],
)
def test_our_name_counts_first_and_empty_is_not_set(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str, other: str
) -> None:
    first, second = module.names(field)
    more = {"PC_APP_ID": "1"} if field == "app_private_key" else {}
    more |= {"PC_APP_PRIVATE_KEY": PEM} if field == "app_id" else {}
    assert plain(read(monkeypatch, {first: value, second: other, **more}), field) == value
    assert plain(read(monkeypatch, {first: ""}), field) == other
    assert plain(read(monkeypatch, {first: value, second: ""}), field) == value


def test_tokens_may_stand_between_commas_or_lines_and_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, {"PC_GITHUB_TOKENS": " one, two\nthree,,one\n"})
    assert shown(settings) == ["one", "two", "three"]


def test_own_tokens_come_before_the_app_and_the_app_before_common_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    app = {"CONTRIBUTOR_APP_ID": "7", "CONTRIBUTOR_APP_PRIVATE_KEY": PEM, "GITHUB_TOKEN": "common"}
    settings = read(monkeypatch, app)
    assert settings.uses_app
    assert shown(settings) == []
    settings = read(monkeypatch, {"PC_GITHUB_TOKEN": "own"})
    assert not settings.uses_app
    assert shown(settings) == ["own"]
    assert read(monkeypatch, {"PC_GITHUB_TOKEN": " \n"}).uses_app


def test_a_key_with_literal_line_ends_is_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, {"PC_APP_ID": "7", "PC_APP_PRIVATE_KEY": '"' + PEM.replace("\n", "\\n") + '"'})
    assert settings.app_key().get_secret_value() == PEM + "\n"


def test_a_key_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "app.pem"
    path.write_text(PEM + "\n")
    settings = read(monkeypatch, {"PC_APP_ID": "7", "PC_APP_PRIVATE_KEY_FILE": str(path)})
    assert settings.app_key().get_secret_value() == PEM + "\n"
    path.unlink()
    with pytest.raises(SettingsError, match=r"PC_APP_PRIVATE_KEY_FILE.*cannot be read.*No such file"):
        settings.app_key()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"PC_REST_PER_MINUTE": "-1"}, "PC_REST_PER_MINUTE wants a whole number from 0"),
        ({"PC_GRAPHQL_PER_MINUTE": "many"}, "PC_GRAPHQL_PER_MINUTE wants a whole number from 0"),
        ({"PC_APP_INSTALLATION_ID": "x"}, "PC_APP_INSTALLATION_ID wants a whole number from 1"),
        ({"PC_DEBUG": "perhaps"}, "PC_DEBUG wants 0 or 1"),
        ({"PC_LOG_FORMAT": "xml"}, "PC_LOG_FORMAT wants console or json"),
        ({"PC_INNGEST_ENGINE": "on"}, "PC_INNGEST_ENGINE wants auto, local or off"),
        ({"PC_BULK_SLOTS": "-1"}, "PC_BULK_SLOTS wants 0 to 64"),
        ({"PC_QUOTA_ACTIONS_USD": "NaN"}, "PC_QUOTA_ACTIONS_USD wants US dollars from 0"),
        ({"PC_QUOTA_MODE": "stop"}, "PC_QUOTA_MODE wants wait, reroute or allow"),
        ({"PC_PRICE_BOOK": "1999"}, "PC_PRICE_BOOK wants one of brief-2025, 2026"),
        ({"HYBRID_ROLLOUT_PERCENTAGE": "101"}, "HYBRID_ROLLOUT_PERCENTAGE wants a percentage from 0 to 100"),
        ({"HYBRID_ROLLOUT_STRATEGY": "some"}, "HYBRID_ROLLOUT_STRATEGY wants one of percentage, whitelist, repository"),
        ({"HYBRID_MAX_ERROR_RATE": "nan"}, "HYBRID_MAX_ERROR_RATE wants a percentage from 0 to 100"),
        ({"PC_APP_ID": "7"}, "PC_APP_ID is set without its key"),
        ({"PC_APP_PRIVATE_KEY": PEM}, "set without its App: set PC_APP_ID"),
        ({"GITHUB_API_URL": "github.com"}, "is no API address: give one like"),
        ({"PC_GITHUB_API_URL": "ftp://github.com"}, "is no API address: give one like"),
        ({"PC_GITHUB_API_URL": "https://"}, "is no API address: give one like"),
        ({"PC_GITHUB_API_URL": "https://[::1"}, "is no API address"),
        ({"PC_GITHUB_API_URL": "https://h:port"}, "is no API address"),
        ({"PC_GITHUB_API_URL": "https://u:p@github.com"}, "hold no user"),
        ({"PC_GITHUB_API_URL": "https://github.com?x=1"}, "no user, query"),
        ({"PC_GITHUB_API_URL": "http://github.example.com"}, "use https://"),
        ({"PC_GITHUB_API_URL": "http://127.0.0.1.example.com"}, "use https://"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, values)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "https://h.example/api/v3"]
)
def test_addresses_that_may_be_used(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert read(monkeypatch, {"PC_GITHUB_API_URL": address + "/"}).github_api_url == address


def test_a_lane_runs_by_its_service_where_the_keys_are_set_else_here(monkeypatch: pytest.MonkeyPatch) -> None:
    local = {Processor.INNGEST: EngineName.LOCAL, Processor.GITHUB_ACTIONS: EngineName.LOCAL}
    assert Settings.read().engines == local
    settings = read(monkeypatch, {"INNGEST_EVENT_KEY": "key", "PC_ACTIONS_REPOSITORY": "o/n"})
    assert settings.engines == {
        Processor.INNGEST: EngineName.INNGEST,
        Processor.GITHUB_ACTIONS: EngineName.GITHUB_ACTIONS,
    }
    settings = read(monkeypatch, {"PC_INNGEST_ENGINE": "local", "PC_GITHUB_ACTIONS_ENGINE": "off"})
    assert settings.engines == {Processor.INNGEST: EngineName.LOCAL, Processor.GITHUB_ACTIONS: None}


def test_quotas_are_of_services(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        {"PC_QUOTA_ACTIONS_MINUTES": "2000", "PC_QUOTA_INNGEST_USD": "0.50", "PC_QUOTA_MODE": "reroute"},
    )
    assert settings.quotas == {
        EngineName.GITHUB_ACTIONS: Quota(runner_minutes=2_000, mode=Mode.REROUTE),
        EngineName.INNGEST: Quota(cost_micro_usd=500_000, mode=Mode.REROUTE),
    }


def test_prices_may_be_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().price_book == BOOKS["2026"]
    settings = read(
        monkeypatch,
        {
            "PC_PRICE_BOOK": "brief-2025",
            "PC_PRICE_EXECUTION_USD": "0.00005",
            "PC_PRICE_EXECUTIONS_INCLUDED": "10",
            "PC_PRICE_MINUTE_USD": "0.002",
            "PC_PRICE_MINUTES_INCLUDED": "20",
        },
    )
    book = settings.price_book
    assert book.name == "brief-2025, with own prices"
    assert (book.executions.micro_usd_each, book.executions.included) == (50, 10)
    assert (book.minutes.micro_usd_a_minute, book.minutes.included) == (2_000, 20)


def test_the_rollout_is_told_under_our_name_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().rollout == RolloutEnvironment()
    settings = read(
        monkeypatch,
        {
            "HYBRID_ROLLOUT_PERCENTAGE": "10",
            "PC_HYBRID_ROLLOUT_PERCENTAGE": "33.5",
            "HYBRID_EMERGENCY_STOP": "1",
            "HYBRID_ROLLOUT_STRATEGY": "repository_size",
            "HYBRID_AUTO_ROLLBACK": "0",
            "HYBRID_MAX_ERROR_RATE": "2.5",
        },
    )
    assert settings.rollout == RolloutEnvironment(
        rollout_percentage=33.5,
        emergency_stop=True,
        rollout_strategy=Strategy.REPOSITORY_SIZE,
        auto_rollback_enabled=False,
        max_error_rate=2.5,
    )


@pytest.mark.parametrize("token", ["gh\u00f6_x", "ghp_\x01x", "ghp_\u200bx"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    settings = read(monkeypatch, {"GITHUB_TOKEN": token})
    with pytest.raises(SettingsError, match="GITHUB_TOKEN or GH_TOKEN holds a character") as caught:
        _ = settings.tokens
    assert token not in str(caught.value)


@pytest.mark.parametrize("name", ["PC_GITHUB_TOKENS", "GITHUB_TOKEN"])
@pytest.mark.parametrize("token", ["Bearer s3cr3t", "token s3cr3t", "s3cr3t\to", "one, s3cr3t two\nthree"])
def test_tokens_are_not_parted_at_white_space(monkeypatch: pytest.MonkeyPatch, name: str, token: str) -> None:
    settings = read(monkeypatch, {name: token})
    with pytest.raises(SettingsError, match=f"{name} or .* holds white space within a token: ") as caught:
        _ = settings.tokens
    assert "s3cr3t" not in str(caught.value)
    said = str(caught.value)
    assert without_secrets()(None, "error", {"event": said}) == {"event": said}, "nothing of the sentence is hidden"


def test_what_is_no_key_is_refused_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, {"PC_APP_ID": "7", "PC_APP_PRIVATE_KEY": "hunter2"})
    with pytest.raises(SettingsError, match="whole PEM file") as caught:
        settings.app_key()
    assert "hunter2" not in str(caught.value)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=60))
def test_no_repr_shows_a_secret(secret: str) -> None:
    settings = Settings.model_construct(own_tokens=SecretStr(secret), database_url=SecretStr(secret))
    assert secret not in repr(settings)
    assert secret not in str(settings)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings.read().debug = True


def test_every_secret_is_known_to_whatever_must_not_show_one() -> None:
    given = {
        "PC_GITHUB_TOKENS": "ghp_one_two_three, ghp_four_five_six",
        "INNGEST_EVENT_KEY": "an-event-key-of-no-form",
        "INNGEST_SIGNING_KEY": "signkey-test-0123",
        "INNGEST_SIGNING_KEY_FALLBACK": "signkey-test-4567",
        "DATABASE_URL": "postgresql://ann:s3cret%21@db.test/capture",
    }
    assert Settings.model_validate(given).secret_texts == {
        "ghp_one_two_three",
        "ghp_four_five_six",
        "an-event-key-of-no-form",
        "signkey-test-0123",
        "signkey-test-4567",
        "s3cret%21",
        "s3cret!",
    }
    for without in ("postgresql://db.test/capture", "file.db", "postgresql://[db/x"):
        assert Settings.model_validate({"DATABASE_URL": without}).secret_texts == set()
