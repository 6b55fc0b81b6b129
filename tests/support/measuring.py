"""Which tests' coverage is measured, and how much of each.

Measuring takes as long again as the test, and says little of many: that a line ran on the way of a whole capture does
not mean that the test looks at what it does. So the figure is a lower bound.
"""

import functools
import inspect
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

TESTS: Final = Path(__file__).resolve().parents[1]
OTHERS: Final = tuple(TESTS / name for name in ("contract", "integration", "migration", "sandbox/integration"))
"""Folders of which nothing is measured but `MEASURED`."""

MEASURED: Final = frozenset(
    TESTS / name
    for name in (
        "contract/engines/test_secrets.py",
        "contract/queue/test_fallback.py",
        "contract/queue/test_runs.py",
        "contract/queue/test_sharing.py",
        "contract/queue/test_submit.py",
        "contract/test_actions_testing.py",
        "contract/test_insight_jobs.py",
        "contract/test_insight_routing.py",
        "contract/test_queue_control.py",
        "contract/test_recurring.py",
        "contract/test_rollout_manage.py",
        "contract/test_rollout_monitor.py",
        "contract/test_store_completeness.py",
        "contract/test_store_database.py",
        "contract/test_store_index.py",
        "contract/test_store_rows.py",
        "integration/inngest/test_steps.py",
        "integration/test_actions_engine.py",
        "integration/test_actions_folder.py",
        "integration/test_actions_install.py",
        "integration/test_capture_leases.py",
        "integration/test_cli_jobs.py",
        "integration/test_cli_json.py",
        "integration/test_github_transport.py",
        "integration/test_inngest_commands.py",
        "integration/test_worker_duties.py",
        "sandbox/integration/test_http_streams.py",
    )
)
"""What is measured beside the units: files that run what no unit does, in little time."""

REPEATING: Final = frozenset(
    TESTS / name
    for name in (
        "sandbox/unit/test_faults_cursors.py",
        "sandbox/unit/test_graphql_cost.py",
        "sandbox/unit/test_world_generated.py",
        "sandbox/unit/test_world_hostile.py",
        "sandbox/unit/test_world_pulls.py",
        "sandbox/unit/test_world_truth.py",
        "unit/domain/test_routing_grid.py",
    )
)
"""Units that are not measured: they walk the same lines hundreds of times, and other units walk nearly all of them."""

EXAMPLES: Final = 20
"""Of a property so many examples are measured: the others walk the same lines with other values."""


def choose(items: list[pytest.Item]) -> None:
    """Measure what is said above, and of what runs on both databases one of them."""
    assert all(path.is_file() for path in MEASURED | REPEATING), "a file that is named here has another name now"
    left_out = {path: is_left_out(path) for path in {item.path for item in items}}
    for item in items:
        parameters: dict[str, object] = item.callspec.params if hasattr(item, "callspec") else {}
        if left_out[item.path] or "postgresql" in parameters.values():
            item.add_marker(pytest.mark.no_cover)


def is_left_out(path: Path) -> bool:
    """Whether nothing of this file is measured."""
    return path in REPEATING or (path not in MEASURED and any(path.is_relative_to(folder) for folder in OTHERS))


@contextmanager
def unmeasured(config: pytest.Config) -> Iterator[None]:
    """Measure no coverage meanwhile."""
    controller = _controller(config)
    if controller is None:
        yield
        return
    controller.pause()
    try:
        yield
    finally:
        controller.resume()


@contextmanager
def first_examples(item: pytest.Item) -> Iterator[None]:
    """Measure a property's first examples alone; measuring goes on with what clears up after the test."""
    controller, handle = _controller(item.config), getattr(getattr(item, "obj", None), "hypothesis", None)
    # What a plugin runs as a coroutine must stay one.
    is_whole = handle is None or inspect.iscoroutinefunction(handle.inner_test) or item.get_closest_marker("no_cover")
    if controller is None or handle is None or is_whole:
        yield
        return
    whole, begun = handle.inner_test, itertools.count()

    @functools.wraps(whole)
    def one_example(*arguments: object, **named: object) -> object:
        if next(begun) == EXAMPLES:
            controller.pause()
        return whole(*arguments, **named)

    handle.inner_test = one_example
    try:
        yield
    finally:
        handle.inner_test = whole


def _controller(config: pytest.Config) -> Any:
    return getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)
