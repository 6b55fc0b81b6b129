"""What whoever runs an installation settled about its queue, as one value; read and decided elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from progressive_capture.domain.cost import BOOKS, PriceBook
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.quotas import Quota
from progressive_capture.domain.rollout import RolloutEnvironment
from progressive_capture.domain.routing import Policy, route


def _local() -> dict[Processor, EngineName | None]:
    return dict.fromkeys(Processor, EngineName.LOCAL)


@dataclass(frozen=True, slots=True)
class Terms:
    """The same for every decision of one process."""

    environment: RolloutEnvironment = field(default_factory=RolloutEnvironment)
    engines: Mapping[Processor, EngineName | None] = field(default_factory=_local)
    """What runs each lane; None where it is off."""
    quotas: Mapping[EngineName, Quota] = field(default_factory=dict)
    book: PriceBook = BOOKS["2026"]
    policy: Policy = route
    local_steps_in: bool = False
    """Whether this machine runs the jobs of a lane whose engine gives no answer."""

    @property
    def lanes_local(self) -> bool:
        """Whether both lanes run on this machine."""
        return set(self.engines.values()) == {EngineName.LOCAL}

    @property
    def local_lanes(self) -> frozenset[Processor]:
        """The lanes that this machine runs."""
        return frozenset(lane for lane, engine in self.engines.items() if engine is EngineName.LOCAL)

    @property
    def lanes_here(self) -> frozenset[Processor]:
        """The lanes that this machine runs, or steps in for."""
        return self.local_lanes | (self.remote_lanes.keys() if self.local_steps_in else frozenset())

    @property
    def remote_lanes(self) -> Mapping[Processor, EngineName]:
        """The lanes that run elsewhere, each with its engine."""
        lanes = self.engines.items()
        return {lane: engine for lane, engine in lanes if engine is not None and engine is not EngineName.LOCAL}
