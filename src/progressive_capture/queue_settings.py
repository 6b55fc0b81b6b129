"""The part of the settings that is about the queue: lanes, quotas, prices, the rollout; nothing is decided here."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AliasChoices, Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import BaseSettings

from progressive_capture.domain.cost import BOOKS, PriceBook
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.money import MICRO_USD
from progressive_capture.domain.quotas import Mode, Quota
from progressive_capture.domain.rollout import RolloutEnvironment, Strategy

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

SLOTS_MAX: Final = 64
"""Jobs of one lane that one worker runs at once: more would only wait for the same budgets and threads."""


class EngineChoice(StrEnum):
    """What a lane is to be run by."""

    AUTO = "auto"
    """The processor's own service where its keys are set, else this machine."""
    LOCAL = "local"
    OFF = "off"


class LogFormat(StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class QueueSettings(BaseSettings):
    """The settings of the queue."""

    log_format: LogFormat = Field(
        default=LogFormat.CONSOLE, validation_alias="PC_LOG_FORMAT", description="console or json"
    )
    inngest_engine: EngineChoice = Field(
        default=EngineChoice.AUTO, validation_alias="PC_INNGEST_ENGINE", description="auto, local or off"
    )
    github_actions_engine: EngineChoice = Field(
        default=EngineChoice.AUTO, validation_alias="PC_GITHUB_ACTIONS_ENGINE", description="auto, local or off"
    )
    inngest_event_key: SecretStr | None = Field(
        default=None, validation_alias="INNGEST_EVENT_KEY", description="the event key that Inngest gave"
    )
    inngest_signing_key: SecretStr | None = Field(
        default=None, validation_alias="INNGEST_SIGNING_KEY", description="the signing key that Inngest gave"
    )
    inngest_signing_key_fallback: SecretStr | None = Field(
        default=None, validation_alias="INNGEST_SIGNING_KEY_FALLBACK", description="the signing key before this one"
    )
    inngest_dev: Text | None = Field(
        default=None, validation_alias="INNGEST_DEV", description="1, or the address of an Inngest dev server"
    )
    inngest_serve_origin: Text | None = Field(
        default=None, validation_alias="INNGEST_SERVE_ORIGIN", description="the address at which Inngest reaches us"
    )
    inngest_serve_path: Text = Field(
        default="/api/inngest", validation_alias="INNGEST_SERVE_PATH", description="the path that Inngest calls"
    )
    inngest_step_seconds: float = Field(
        default=20, gt=0, le=600, validation_alias="PC_INNGEST_STEP_SECONDS", description="seconds, up to 600"
    )
    inngest_steps: int = Field(
        default=100, ge=1, le=300, validation_alias="PC_INNGEST_STEPS", description="steps in one run, 1 to 300"
    )
    inngest_starts_per_minute: int = Field(
        default=75,
        ge=0,
        validation_alias="PC_INNGEST_STARTS_PER_MINUTE",
        description="a whole number from 0 (0: no throttle)",
    )
    inngest_per_repository: int = Field(
        default=2, ge=1, validation_alias="PC_INNGEST_PER_REPOSITORY", description="a whole number from 1"
    )
    inngest_head_start: int = Field(
        default=300, ge=0, le=600, validation_alias="PC_INNGEST_HEAD_START", description="seconds, 0 to 600"
    )
    actions_repository: Text | None = Field(
        default=None, validation_alias="PC_ACTIONS_REPOSITORY", description="the owner/name that has the workflows"
    )
    actions_ref: Text = Field(default="main", validation_alias="PC_ACTIONS_REF", description="the name of a branch")
    actions_token: SecretStr | None = Field(
        default=None, validation_alias="PC_ACTIONS_TOKEN", description="a token with the permission `actions: write`"
    )
    local_steps_in: bool = Field(default=False, validation_alias="PC_LOCAL_STEPS_IN", description="0 or 1")
    realtime_slots: int = Field(
        default=2, ge=0, le=SLOTS_MAX, validation_alias="PC_REALTIME_SLOTS", description=f"0 to {SLOTS_MAX}"
    )
    bulk_slots: int = Field(
        default=1, ge=0, le=SLOTS_MAX, validation_alias="PC_BULK_SLOTS", description=f"0 to {SLOTS_MAX}"
    )
    inngest_executions: int | None = Field(
        default=None, ge=0, validation_alias="PC_QUOTA_INNGEST_EXECUTIONS", description="a whole number from 0"
    )
    inngest_usd: Decimal | None = Field(
        default=None, ge=0, validation_alias="PC_QUOTA_INNGEST_USD", description="US dollars from 0"
    )
    actions_minutes: int | None = Field(
        default=None, ge=0, validation_alias="PC_QUOTA_ACTIONS_MINUTES", description="a whole number from 0"
    )
    actions_usd: Decimal | None = Field(
        default=None, ge=0, validation_alias="PC_QUOTA_ACTIONS_USD", description="US dollars from 0"
    )
    quota_mode: Mode = Field(default=Mode.WAIT, validation_alias="PC_QUOTA_MODE", description="wait, reroute or allow")
    price_book_name: Text = Field(
        default="2026", validation_alias="PC_PRICE_BOOK", description=f"one of {', '.join(BOOKS)}"
    )
    execution_usd: Decimal | None = Field(
        default=None, ge=0, validation_alias="PC_PRICE_EXECUTION_USD", description="US dollars from 0"
    )
    executions_included: int | None = Field(
        default=None, ge=0, validation_alias="PC_PRICE_EXECUTIONS_INCLUDED", description="a whole number from 0"
    )
    minute_usd: Decimal | None = Field(
        default=None, ge=0, validation_alias="PC_PRICE_MINUTE_USD", description="US dollars from 0"
    )
    minutes_included: int | None = Field(
        default=None, ge=0, validation_alias="PC_PRICE_MINUTES_INCLUDED", description="a whole number from 0"
    )
    rollout_percentage: float | None = Field(
        default=None,
        ge=0,
        le=100,
        validation_alias=AliasChoices("PC_HYBRID_ROLLOUT_PERCENTAGE", "HYBRID_ROLLOUT_PERCENTAGE"),
        description="a percentage from 0 to 100",
    )
    emergency_stop: bool = Field(
        default=False,
        validation_alias=AliasChoices("PC_HYBRID_EMERGENCY_STOP", "HYBRID_EMERGENCY_STOP"),
        description="0 or 1",
    )
    rollout_strategy: Strategy | None = Field(
        default=None,
        validation_alias=AliasChoices("PC_HYBRID_ROLLOUT_STRATEGY", "HYBRID_ROLLOUT_STRATEGY"),
        description=f"one of {', '.join(Strategy)}",
    )
    auto_rollback: bool | None = Field(
        default=None,
        validation_alias=AliasChoices("PC_HYBRID_AUTO_ROLLBACK", "HYBRID_AUTO_ROLLBACK"),
        description="0 or 1",
    )
    max_error_rate: float | None = Field(
        default=None,
        ge=0,
        le=100,
        validation_alias=AliasChoices("PC_HYBRID_MAX_ERROR_RATE", "HYBRID_MAX_ERROR_RATE"),
        description="a percentage from 0 to 100",
    )

    @field_validator("price_book_name")
    @classmethod
    def _known_book(cls, name: str) -> str:
        if name not in BOOKS:
            raise ValueError(name)
        return name

    @property
    def engines(self) -> Mapping[Processor, EngineName | None]:
        """What runs each lane; None where the lane is off."""
        inngest = self.inngest_event_key or (self.inngest_is_dev or None)
        wanted = {
            Processor.INNGEST: (self.inngest_engine, EngineName.INNGEST, inngest),
            Processor.GITHUB_ACTIONS: (self.github_actions_engine, EngineName.GITHUB_ACTIONS, self.actions_repository),
        }
        return {processor: _engine(*each) for processor, each in wanted.items()}

    @property
    def inngest_is_dev(self) -> bool:
        """Whether Inngest is a dev server, which signs nothing; the SDK reads the same variable alike."""
        return self.inngest_dev is not None and self.inngest_dev.lower() not in {"0", "false"}

    @property
    def sends_to_inngest(self) -> bool:
        """Whether events can be sent to Inngest."""
        return self.inngest_event_key is not None or self.inngest_is_dev

    @property
    def serves_inngest(self) -> bool:
        """Whether Inngest may call this program: what it sends is signed, or comes from a dev server."""
        return self.inngest_signing_key is not None or self.inngest_is_dev

    @property
    def inngest_own_address(self) -> str | None:
        """Where Inngest reaches this program, None where nobody said so; the SDK reads the same variables alike."""
        if self.inngest_serve_origin is None:
            return None
        origin = self.inngest_serve_origin.rstrip("/")
        return ("" if "://" in origin else "https://") + origin + "/" + self.inngest_serve_path.lstrip("/")

    @property
    def quotas(self) -> Mapping[EngineName, Quota]:
        """What each service may use in a month; this machine may use anything."""
        actions = Quota(
            runner_minutes=self.actions_minutes, cost_micro_usd=_micro(self.actions_usd), mode=self.quota_mode
        )
        inngest = Quota(
            executions=self.inngest_executions, cost_micro_usd=_micro(self.inngest_usd), mode=self.quota_mode
        )
        return {EngineName.GITHUB_ACTIONS: actions, EngineName.INNGEST: inngest}

    @property
    def price_book(self) -> PriceBook:
        """The price book that was named, with the prices that are set beside it."""
        book = BOOKS[self.price_book_name]
        each, executions_free = _micro(self.execution_usd), self.executions_included
        minute, minutes_free = _micro(self.minute_usd), self.minutes_included
        executions = replace(
            book.executions,
            micro_usd_each=book.executions.micro_usd_each if each is None else each,
            included=book.executions.included if executions_free is None else executions_free,
        )
        minutes = replace(
            book.minutes,
            micro_usd_a_minute=book.minutes.micro_usd_a_minute if minute is None else minute,
            included=book.minutes.included if minutes_free is None else minutes_free,
        )
        if (executions, minutes) == (book.executions, book.minutes):
            return book
        return replace(book, name=f"{book.name}, with own prices", executions=executions, minutes=minutes)

    @property
    def rollout(self) -> RolloutEnvironment:
        """What the environment says of the rollout."""
        return RolloutEnvironment(
            rollout_percentage=self.rollout_percentage,
            emergency_stop=self.emergency_stop,
            rollout_strategy=self.rollout_strategy,
            auto_rollback_enabled=self.auto_rollback,
            max_error_rate=self.max_error_rate,
        )


def _engine(choice: EngineChoice, own: EngineName, key: object) -> EngineName | None:
    match choice:
        case EngineChoice.OFF:
            return None
        case EngineChoice.LOCAL:
            return EngineName.LOCAL
        case EngineChoice.AUTO:
            return EngineName.LOCAL if key is None else own


def _micro(dollars: Decimal | None) -> int | None:
    return None if dollars is None else round(dollars * MICRO_USD)
