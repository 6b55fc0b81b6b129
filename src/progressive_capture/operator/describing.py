"""What Python's `help` says of a command: its signature and options, from the registry; calls are made elsewhere."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from progressive_capture.operator.calling import Parameter


class Values(Protocol):
    """What is used of what Typer knows of a parameter's values."""

    @property
    def choices(self) -> tuple[object, ...] | None:
        """The only ones that there are."""
        ...


class Described(Parameter, Protocol):
    """A parameter with what people are told of it."""

    required: bool
    default: object
    help: str | None

    @property
    def type_descriptor(self) -> Values:
        """What values it takes."""
        ...


def describe(call: Callable[..., Any], name: str, doc: str, parameters: Sequence[Described]) -> None:
    """Give a method the name, the signature and the words of a command.

    Args:
        call: the method.
        name: how it is called.
        doc: what the command does.
        parameters: of the command, in the order in which a call takes them; `json` comes last, by name.
    """
    shown = [each for each in parameters if each.name != "json"]
    words = [f"    {_name(each)}: {_help(each)}" for each in shown]
    words.append("    json: True returns the answer as a value, and writes nothing.")
    call.__name__ = call.__qualname__ = name
    call.__doc__ = "\n".join([inspect.cleandoc(doc), "", "By place, or by name:", "", *words])
    vars(call)["__signature__"] = inspect.Signature(list(_signature(shown)))


def _signature(shown: Sequence[Described]) -> Iterator[inspect.Parameter]:
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    for each in shown:
        if each.nargs == -1:
            # It takes all that is left: nothing behind it can be given by place.
            kind = inspect.Parameter.KEYWORD_ONLY
            yield inspect.Parameter(_name(each), inspect.Parameter.VAR_POSITIONAL)
            continue
        default = inspect.Parameter.empty if each.required else getattr(each.default, "value", each.default)
        yield inspect.Parameter(_name(each), kind, default=default)
    yield inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False)


def _name(parameter: Described) -> str:
    """As in the command line: `--type` is `type`, whatever it is called within."""
    if parameter.param_type_name == "argument":
        return parameter.name
    return parameter.opts[0].lstrip("-").replace("-", "_")


def _help(parameter: Described) -> str:
    words = ", ".join(map(str, parameter.type_descriptor.choices or ()))
    return (parameter.help or "") + (f" {'Some' if parameter.multiple else 'One'} of {words}." if words else "")
