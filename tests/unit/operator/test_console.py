"""`pc console` and `help`: every command of the registry is a method, by both kinds of name, and is explained."""

import inspect
import json
import pydoc
import re
from typing import Any

import pytest

from progressive_capture.operator.cli import application
from progressive_capture.operator.console import NAMES, programs
from progressive_capture.operator.registry import COMMANDS, Danger
from tests.unit.operator.conftest import Office, Works
from tests.unit.operator.test_plan_and_verify_commands import verification


async def complete(_works: Works, _name: str) -> Any:
    return verification()


def test_every_command_is_a_method_by_both_names(office: Office) -> None:
    made = programs(office.desk())
    for command in COMMANDS:
        program = made[command.program]
        assert getattr(program, command.camel_method).__name__ == command.method
        assert {command.method, command.camel_method} <= set(dir(program))


def test_help_of_a_method_names_every_option_of_its_command(office: Office) -> None:
    made = programs(office.desk())
    for command in COMMANDS:
        method = getattr(made[command.program], command.camel_method)
        words = pydoc.plain(pydoc.render_doc(method))
        assert command.summary in words
        taken = inspect.signature(method).parameters
        for each in application(command.program).commands[command.name].params:
            name = each.name if each.param_type_name == "argument" else each.opts[0].lstrip("-").replace("-", "_")
            assert name in taken, (command.name, name)
            assert f"{name}: " in words, (command.name, name)


def test_the_signature_tells_what_can_be_left_out_and_what_takes_all_that_is_left(office: Office) -> None:
    made = programs(office.desk())
    cancel = str(inspect.signature(made["pc"].cancel))
    assert cancel.startswith("(*ids, reason=None, state=None, ")
    assert cancel.endswith("dry_run=False, yes=False, json=False)")
    assert str(inspect.signature(made["rollout"].setRollout)) == "(percentage, reason=None, *, json=False)"
    assert "state: In these states only. Some of pending, dispatched," in pydoc.plain(pydoc.render_doc(made["pc"].jobs))


def test_a_call_does_what_the_command_line_does(office: Office) -> None:
    made = programs(office.desk(complete))
    assert made["cap"].verify("o/n", live=True) is None
    assert office.asked == [("verify", "o/n", True)]
    assert "o/n: no gaps" in office.out.getvalue()


def test_a_call_for_json_returns_the_document_and_writes_nothing(office: Office) -> None:
    document = programs(office.desk(complete))["ProgressiveCapture"].verify("o/n", json=True)
    assert (document["exit_code"], document["repositories"][0]["repository"]) == (0, "o/n")
    assert office.out.getvalue() == ""


def test_a_mistake_is_a_sentence_and_no_answer(office: Office) -> None:
    assert programs(office.desk())["pc"].verify("nothing", json=True) is None
    assert "is no repository name" in office.err.getvalue()


def test_an_unknown_command_says_where_all_are_listed(office: Office) -> None:
    made = programs(office.desk())
    with pytest.raises(AttributeError, match=r"rollout has no command setSpeed: rollout\.help\(\) lists all"):
        made["rollout"].setSpeed(1)
    assert repr(made["pc"]) == "<pc: pc.help() lists its commands>"


def test_lines_are_read_until_there_are_no_more(office: Office) -> None:
    assert office.run("console", typed=None) == 0
    lines = f"names = {sorted(NAMES)!r}; assert all(name in globals() for name in names)\npc.verify('o/n')\n1/0\n"
    desk = office.desk(complete)
    desk.inp.write(lines)
    desk.inp.seek(0)
    assert application("pc")(["console"], prog_name="pc", standalone_mode=False, obj=desk) == 0
    assert office.asked == [("verify", "o/n", False)]
    assert "ZeroDivisionError" in office.err.getvalue()
    assert "AssertionError" not in office.err.getvalue()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pc.verfy('o/n')", "pc has no command verfy: pc.help() lists all.\n"),
        ("pc.verify('o/n', lvie=True)", "There is no option lvie: it takes "),
        ("pc.plan('o/n', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)", " is one value too many.\n"),
    ],
)
def test_a_mistake_at_the_prompt_is_one_sentence(office: Office, line: str, said: str) -> None:
    desk = office.desk(complete)
    desk.inp.write(line + "\n")
    desk.inp.seek(0)
    assert application("pc")(["console"], prog_name="pc", standalone_mode=False, obj=desk) == 0
    assert said in office.err.getvalue()
    assert "Traceback" not in office.err.getvalue()


@pytest.mark.parametrize("program", ["pc", "rollout"])
def test_help_lists_every_command_of_its_program(office: Office, program: str) -> None:
    assert office.run("help", program=program) == 0
    own = [command for command in COMMANDS if command.program == program]
    for command in own:
        assert re.search(rf"^  {command.name}\s", office.out.getvalue(), re.MULTILINE)
    office.out.truncate(0)
    office.out.seek(0)
    assert office.run("help", "--json", program=program) == 0
    listed = json.loads(office.out.getvalue())["commands"]
    assert [each["command"] for each in listed] == [command.name for command in own]
    assert all(each["help"].endswith(".") for each in listed)


def test_help_of_one_command(office: Office) -> None:
    assert office.run("help", "verify") == 0
    assert office.out.getvalue().startswith("Usage: pc verify [OPTIONS]")
    assert office.run("help", "sing") == 2
    assert office.err.getvalue() == "pc: No such command 'sing': pc help lists all.\n"


def test_help_shows_arguments_by_their_names_alone_and_commands_in_whole_sentences(office: Office) -> None:
    assert office.run("help", "verify") == office.run("help", "inngest") == 0
    said = office.out.getvalue()
    assert "Usage: pc verify [OPTIONS] NAME...\n" in said
    assert "Usage: pc inngest [OPTIONS] {check|test|connect}\n" in said
    assert "\n  NAME  Repositories as owner/name" in said
    office.run("help")
    assert "..." not in office.out.getvalue().partition("Commands:")[2]


def test_dangerous_commands_and_no_others_take_yes_and_a_reason() -> None:
    for command in COMMANDS:
        parameters = {each.name for each in application(command.program).commands[command.name].params}
        assert ("yes" in parameters) is (command.danger is Danger.DANGEROUS), command.name
        assert command.danger is not Danger.DANGEROUS or "reason" in parameters, command.name


def test_every_command_but_the_console_can_answer_in_json() -> None:
    for command in COMMANDS:
        parameters = {each.name for each in application(command.program).commands[command.name].params}
        assert ("json" in parameters) is (command.method != "console"), command.name
