import pytest

from progressive_capture.domain.cost import Cost
from progressive_capture.domain.savings import executions_instead, together


@pytest.mark.parametrize(
    ("busy_ms", "waits", "executions"),
    [
        (0, 0, 2),  # a run and its one step
        (20_000, 0, 2),
        (20_001, 0, 3),
        (20_000, 3, 5),
        (20_000 * 100, 0, 101),
        (20_000 * 100, 1, 103),  # the step after the hundredth begins another run
    ],
)
def test_work_is_counted_in_steps_waits_and_runs(busy_ms: int, waits: int, executions: int) -> None:
    assert executions_instead(busy_ms, waits) == executions


def test_a_sum_is_known_only_when_all_of_it_is() -> None:
    assert together([Cost(1, "Small."), Cost(2, "Small."), Cost(3, "Big.")]) == Cost(6, "Small. Big.")
    assert together([Cost(1, "Small."), Cost(None, "No price.")]) == Cost(None, "No price.")
    assert together([]) == Cost(0, "")
