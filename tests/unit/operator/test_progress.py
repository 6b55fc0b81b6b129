"""Both ways to show progress: what they write, and how seldom."""

import io
from datetime import UTC, datetime

import pytest

from progressive_capture.capture.report import Progress
from progressive_capture.operator.progress_bar import BarReporter, can_draw
from progressive_capture.operator.progress_plain import PlainReporter
from progressive_capture.operator.wording import clock_time

UNTIL = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Clock:
    """Seconds that pass only when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def step(phase: str, done: int) -> Progress:
    return Progress(phase, done, 1_000, rows=done, points_left=None, requests_left=42)


def test_plain_lines_come_at_phases_and_else_every_five_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    plain = PlainReporter(stream, clock)
    plain.begin("o/n")
    for second in range(12):
        clock.now = 100 + second
        plain.progress(step("index", 10 * (second + 1)))
    plain.progress(step("hydrate", 1))
    plain.end()
    lines = stream.getvalue().splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["listing", "listing", "listing", "reading"]
    assert lines[0] == "o/n: listing: 10 of 1,000 pull requests, 10 rows, 42 REST requests left"


def test_a_plain_wait_says_its_end_and_reason_at_most_every_five_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    plain = PlainReporter(stream, clock)
    plain.begin("o/n")
    for _ in range(3):
        plain.waiting(UNTIL, "The hour's points are spent.")
    clock.now += 5
    plain.waiting(UNTIL, "Later.")
    assert stream.getvalue().splitlines() == [
        f"o/n: waiting until {clock_time(UNTIL)}: The hour's points are spent.",
        f"o/n: waiting until {clock_time(UNTIL)}: Later.",
    ]


def test_plain_notes_stand_alone_before_any_repository() -> None:
    stream = io.StringIO()
    PlainReporter(stream, Clock()).note("Stopping.")
    assert stream.getvalue() == "Stopping.\n"


@pytest.mark.parametrize(("terminal", "draws"), [("xterm", True), ("dumb", False)])
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(
    monkeypatch: pytest.MonkeyPatch, terminal: str, *, draws: bool
) -> None:
    monkeypatch.setenv("TERM", terminal)
    assert can_draw(Terminal()) is draws
    assert not can_draw(io.StringIO())


def test_the_bar_shows_counts_waits_and_notes_and_leaves_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    stream, clock = Terminal(), Clock()
    bar = BarReporter(stream, clock)
    bar.begin("o/[n]")
    bar.progress(step("hydrate", 100))
    clock.now += 10
    bar.progress(step("hydrate", 200))
    bar._bar.refresh()
    bar.waiting(UNTIL, "[spent]")
    bar._bar.refresh()
    bar.note("Stopping.")
    bar.end()
    shown = stream.getvalue()
    for expected in (
        "o/[n] reading",
        "200 of 1,000",
        "10.0 a second",
        "42 REST",
        clock_time(UNTIL),
        "[spent]",
        "Stopping.",
    ):
        assert expected in shown.replace("\n", " "), expected
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l"), "the cursor is shown again"
