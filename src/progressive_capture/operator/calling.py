"""A call in Python as the words of a command line; which commands there are, and what they do, stands elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol


class Parameter(Protocol):
    """What is used of an argument or an option of Typer's."""

    name: str
    opts: list[str]
    nargs: int
    multiple: bool

    @property
    def param_type_name(self) -> str:
        """`argument` or `option`."""
        ...


class CallMistake(TypeError):
    """A value or a name that a command does not take."""


def command_line(parameters: Sequence[Parameter], values: Iterable[object], named: Mapping[str, object]) -> list[str]:
    """Make the words: values in the order of the parameters, one that takes a list taking all that are left.

    Args:
        parameters: of the command, in the order of its signature.
        values: given by place; None leaves one out, lists are taken apart.
        named: given by name, `cancel_running` and `cancelRunning` alike; also by an option's words.

    Raises:
        CallMistake: more values than parameters, or a name that no parameter has.
    """
    given = _by_place(parameters, values)
    by_name = {_plain(name): each for each in parameters for name in (each.name, *each.opts)}
    for name, value in named.items():
        found = by_name.get(_plain(name))
        if found is None:
            known = ", ".join(each.name for each in parameters)
            raise CallMistake(f"There is no option {name}: it takes {known}.")
        given[found.name] = value
    options, arguments = list[str](), list[str]()
    for each in parameters:
        value = given.get(each.name)
        if each.param_type_name == "argument":
            arguments += _texts(value)
        else:
            options += _option(each, value)
    return [*options, "--", *arguments]


def _by_place(parameters: Sequence[Parameter], values: Iterable[object]) -> dict[str, object]:
    given, left = dict[str, object](), list(values)
    for each in parameters:
        if not left:
            break
        takes_all = each.nargs == -1
        given[each.name] = left if takes_all else left[0]
        left = [] if takes_all else left[1:]
    if left:
        raise CallMistake(f"{left[0]!r} is one value too many.")
    return given


def _option(parameter: Parameter, value: object) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [parameter.opts[0]]
    texts = _texts(value) if parameter.multiple else [",".join(_texts(value))]
    return [f"{parameter.opts[0]}={text}" for text in texts]


def _texts(value: object) -> list[str]:
    """The texts of a value; lists within lists are taken apart, as `add_to_whitelist([1, 2])` means both."""
    if value is None:
        return []
    if isinstance(value, list | tuple | set | frozenset):
        return [text for each in value for text in _texts(each)]
    return [str(value)]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
