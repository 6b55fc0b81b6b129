"""Commands of the rollout, run within this process on a real database: what they change, tell and refuse."""

from pathlib import Path

import pytest
from sqlalchemy import text, update

from progressive_capture.operator.registry import COMMANDS, Danger
from progressive_capture.store import tracking
from progressive_capture.store.tables import ROLLOUT_CONFIGURATION
from tests.support.counter import Counter, counter, template

NAMES = ("acme/one", "acme/two", "other/three")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = template(tmp_path_factory.mktemp("template"))
    Counter(path).know(*NAMES)
    return path


@pytest.fixture
def at(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    return counter(made, tmp_path, monkeypatch)


def in_force(at: Counter) -> dict[str, object]:
    found: dict[str, object] = at.rollout("status", "--json").document["rollout"]
    return found


def test_a_fresh_rollout_tells_where_its_values_come_from(at: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert at.rollout("status").out.splitlines()[:2] == [
        "hybrid_progressive_capture: 100 % of the repositories use both processors (version 1)",
        "  percentage 100 % (default), strategy percentage (default)",
    ]
    monkeypatch.setenv("HYBRID_ROLLOUT_PERCENTAGE", "25")
    assert "percentage 25 % (environment)" in at.rollout("status").out
    assert at.rollout("set-rollout", "33.3").code == 0
    assert "percentage 33.3 % (database)" in at.rollout("status").out


def test_a_change_is_told_and_stands_in_the_history(at: Counter) -> None:
    heard = at.rollout("set-rollout", "25", "--reason", "begin small")
    assert heard.out == "The percentage was 100 %, and is 25 %.\n(version 2)\n"
    assert at.rollout("set-rollout", "25").out == "Nothing was changed: it is so already.\n(version 2)\n"
    at.rollout("set-strategy", "repository_size")
    lines = at.rollout("history", "--json").document["history"][:2]
    assert [(line["version"], line["who"], line["reason"]) for line in lines] == [
        (3, "ann", "rollout set-strategy"),
        (2, "ann", "begin small"),
    ]
    shown = at.rollout("history", "--limit", "1").out
    assert "set strategy" in shown
    assert "rollout strategy unset → repository_size" in shown
    assert "begin small" not in shown
    at.rollout("add-to-whitelist", "101", "102")
    assert "target repositories +101 +102" in at.rollout("history", "--limit", "1").out
    at.rollout("remove-from-whitelist", "101")
    assert "target repositories -101" in at.rollout("history", "--limit", "1").out
    assert "begin small" in at.rollout("history", "--before", str(lines[0]["id"])).out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set-rollout", "101"), "PERCENTAGE"),
        (("set-rollout", "--", "-1"), "PERCENTAGE"),
        (("set-rollout", "half"), "PERCENTAGE"),
        *(
            (
                ("set-rollout", text),
                f"'PERCENTAGE': '{text}' is no number from 0 to 100. See rollout set-rollout --help.",
            )
            for text in ("nan", "inf", "1e400", "10%", "")
        ),
        (("set-rollout", "-1"), "-1 is taken for an option, and no number below 0 can be meant here."),
        (("rollback-to-percentage", "-0.5", "--reason", "r", "--yes"), "no number below 0 can be meant here"),
        (("history", "--limit", "x"), "'--limit': 'x' is no whole number from 1 to 500."),
        (("history", "--before", "1e3"), "'--before': '1e3' is no whole number from 1 to 999,999,999,999."),
        (("history", "--before", "10000000000000000000"), "is no whole number from 1 to"),
        (("deactivate", "--yes"), "--reason"),
        (("set-strategy", "luck"), "STRATEGY"),
        (("rollback-to-percentage", "101", "--reason", "r", "--yes"), "PERCENTAGE"),
        (("rollback-to-zero", "--yes"), "--reason"),
        (("rollback-to-zero", "--reason", " ", "--yes"), "--reason"),
        (("disable-auto-rollback", "--reason", "r"), "without a terminal this wants --yes"),
        (("rollback-to-zero", "--reason", "r"), "without a terminal this wants --yes"),
        (("add-to-whitelist",), "NAME"),
        (("add-to-whitelist", "acme/one", "no/such"), "no/such is not known here"),
        (("add-to-whitelist", "101", "12345"), "12345 is not known here"),
        (("mark-as-test", "acme/one", "acme"), "'acme' is no repository name"),
        (("fly",), "No such command"),
        (("set-rollout", "100.5"), "is no number from 0 to 100"),
        (("set-strategy", "luck"), "'STRATEGY': 'luck' is not one of"),
        (("remove-from-whitelist", "no/such"), "no/such is not known here"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(at: Counter, arguments: tuple[str, ...], sentence: str) -> None:
    said = at.refused("rollout", *arguments)
    assert said.startswith("rollout: ")
    assert sentence in said


OF_EACH_KIND = (
    ("pc", "status"),
    ("pc", "jobs"),
    ("pc", "submit", "acme/one"),
    ("pc", "cancel", "--state", "pending", "--reason", "r", "--yes"),
    ("rollout", "history"),
    ("rollout", "set-rollout", "10"),
    ("rollout", "emergency-stop", "--reason", "r", "--yes"),
)


@pytest.mark.parametrize("arguments", OF_EACH_KIND, ids=" ".join)
def test_a_database_that_cannot_be_used_is_told_and_left_as_it_is(at: Counter, arguments: tuple[str, ...]) -> None:
    with at.database() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "update the program" in at.refused(*arguments, code=1)
    at.path.write_text("a letter, and no database " * 100)
    heard = at.run(*arguments)
    assert (heard.code, heard.out, heard.err.count("\n")) == (1, "", 1)
    assert "is not a SQLite database; name another file in DATABASE_URL" in heard.err


def test_a_database_that_is_not_set_up_yet_is_set_up_by_what_writes_alone(
    at: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", str(tmp_path / "new.db"))
    for arguments in (("pc", "status"), ("pc", "jobs"), ("rollout", "status")):
        heard = at.run(*arguments)
        assert (heard.code, heard.out) == (1, "")
        assert "pc capture, pc track or pc worker" in heard.err
    assert not (tmp_path / "new.db").exists()
    assert at.rollout("set-rollout", "10").code == 0
    assert at.rollout("status").code == 0


def test_every_dangerous_command_says_what_will_happen_and_asks(at: Counter) -> None:
    before = at.dump()
    for command in COMMANDS:
        if (command.program, command.danger) != ("rollout", Danger.DANGEROUS):
            continue
        arguments = ["10"] if command.method == "rollback_to_percentage" else []
        heard = at.rollout(command.name, *arguments, typed="it looks bad\nn\n")
        assert (heard.code, heard.out) == (130, ""), command.name
        assert " will " in heard.err
        assert heard.err.endswith(" Go on? [y/N] rollout: Nothing was changed.\n")
    assert at.dump() == before


def test_the_rollout_is_switched_off_and_on(at: Counter) -> None:
    at.rollout("set-rollout", "40")
    at.rollout("add-to-whitelist", "acme/one")
    heard = at.rollout("deactivate", typed="the summer break\ny\n")
    assert heard.code == 0
    assert "will be switched off; 0 waiting bulk jobs will leave the lane when their turn comes" in heard.err
    assert heard.out == "The rollout is switched off.\n(version 4)\n"
    assert "switched off: every job goes to the real-time lane; `rollout activate`" in at.rollout("status").out
    assert "switched off, so that every job goes to the real-time lane" in at.pc("status").out
    assert at.rollout("stats", "--json").document["population"]["eligible"] == 0
    (line,) = at.rollout("history", "--limit", "1", "--json").document["history"]
    assert (line["action"], line["who"], line["reason"]) == ("deactivate", "ann", "the summer break")
    assert at.rollout("activate", "--reason", "back").out == "The rollout is switched on.\n(version 5)\n"
    assert at.rollout("activate").out == "Nothing was changed: it is so already.\n(version 5)\n"
    now = in_force(at)
    assert (now["is_active"], now["percentage"], now["whitelist"]) == (True, 40, [101])
    assert "switched off" not in at.rollout("status").out + at.pc("status").out


def test_a_rollback_by_hand_closes_the_whitelist_until_a_percentage_is_set(at: Counter) -> None:
    at.rollout("set-rollout", "50")
    heard = at.rollout("rollback-to-percentage", "10", typed="it looks bad\ny\n")
    assert heard.code == 0
    assert "from 50 % to 10 %, its whitelist will be closed, and of 0 waiting bulk jobs" in heard.err
    assert heard.out.splitlines()[:2] == ["The percentage was 50 %, and is 10 %.", "The whitelist is closed."]
    assert "closed by a rollback" in at.rollout("status").out
    assert at.rollout("rollback-to-zero", "--reason", "worse", "--yes").code == 0
    assert in_force(at)["percentage"] == 0
    assert "go up to 10 %" in at.refused("rollout", "rollback-to-percentage", "10", "--reason", "r", "--yes")
    assert "open again" in at.rollout("set-rollout", "10").out


def test_lists_take_names_and_numbers_and_need_no_percentage(at: Counter) -> None:
    heard = at.rollout("add-to-whitelist", "acme/one", "102", "--json")
    assert heard.document["change"]["after"]["whitelist"] == [101, 102]
    assert at.rollout("remove-from-whitelist", "https://github.com/acme/one/pulls").code == 0
    assert at.rollout("exclude", "other/three").out.startswith("Excluded: 1 repository, before 0.")
    assert at.rollout("show-whitelist").out == (
        "On the whitelist: 1 repository\n  102  acme/two\nExcluded: 1 repository\n  103  other/three\n"
    )
    assert at.rollout("readmit", "other/three").code == 0
    with at.database() as connection:
        connection.execute(
            update(ROLLOUT_CONFIGURATION).values(target_repositories=[102, 999], excluded_repositories=[998])
        )
    assert "(not stored)" in at.rollout("show-whitelist").out
    assert at.rollout("remove-from-whitelist", "999", "102").code == 0
    assert at.rollout("readmit", "998").code == 0
    assert in_force(at)["whitelist"] == []
    assert in_force(at)["excluded"] == []


def test_tests_are_marked_and_categories_counted(at: Counter) -> None:
    with at.database() as connection:
        for number, name in enumerate(NAMES, start=101):
            tracking.track(connection, at.host_id, number, name, at.now())
    assert at.rollout("categorize-all").out == "3 repositories categorised, 3 changed: 3 small\n"
    assert at.rollout("mark-as-test", "acme/one").out == "acme/one: marked as a test\n(version 2)\n"
    assert "already; nothing was changed" in at.rollout("mark-as-test", "acme/one").out
    assert at.rollout("categories", "--json").document["categories"]["test"]["repositories"] == 1
    assert at.rollout("unmark-as-test", "101").code == 0
    at.rollout("set-rollout", "0")
    assert at.rollout("stats").out.startswith("0 of 3 tracked repositories may use both processors")


def test_health_is_inconclusive_without_jobs_and_no_step_is_earned(at: Counter) -> None:
    at.rollout("set-rollout", "10")
    heard = at.rollout("check-health")
    assert heard.code == 0
    assert heard.out.startswith("inconclusive: Only 0 jobs finished")
    refused = at.rollout("advance")
    assert refused.code == 1
    assert refused.out.startswith("It stays at 10 %.\n")
    assert in_force(at)["percentage"] == 10
    assert "The next step is not earned." in at.rollout("monitor-phase4").out
    assert "nothing to compare yet" in at.rollout("show-metrics").out


def test_rolling_back_by_itself_is_switched_off_and_on(at: Counter) -> None:
    assert at.rollout("disable-auto-rollback", "--reason", "a test", "--yes").code == 0
    assert in_force(at)["auto_rollback"] is False
    assert at.rollout("enable-auto-rollback").out.startswith("Rolling back by itself is on.")
