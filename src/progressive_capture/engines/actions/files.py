"""Rendered workflows in a folder of this machine: written there, and compared with what lies there."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from progressive_capture.domain.errors import ProgressiveCaptureError, UsageError
from progressive_capture.engines.actions.rendering import is_ours, render


class FolderUnusable(ProgressiveCaptureError):
    """The file system refuses."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What lies somewhere, beside what this version renders; names of files."""

    same: tuple[str, ...]
    missing: tuple[str, ...]
    different: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        """Whether nothing has to be written."""
        return not self.missing and not self.different

    def __str__(self) -> str:
        """Say it in words."""
        if self.is_current:
            return f"All {len(self.same)} files are as this version renders them."
        parts = [f"missing: {', '.join(self.missing)}"] if self.missing else []
        parts += [f"different: {', '.join(self.different)}"] if self.different else []
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Written:
    """What was done to a folder; names of files."""

    folder: str
    written: tuple[str, ...]
    unchanged: tuple[str, ...]


BLOB: Final = "blob {}\0"


def blob(text: str) -> str:
    """Name a file by its content, as git and GitHub's API do.

    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    content = text.encode()
    return hashlib.sha1(BLOB.format(len(content)).encode() + content, usedforsecurity=False).hexdigest()


def compare(lying: Mapping[str, str]) -> Comparison:
    """Compare what lies somewhere, as names of files with their `blob`s; a schedule more or less is no difference."""
    plain, scheduled = render(), render(scheduled=True)
    same, missing, different = list[str](), list[str](), list[str]()
    for name in sorted(plain):
        if name not in lying:
            missing.append(name)
        elif lying[name] in {blob(plain[name]), blob(scheduled[name])}:
            same.append(name)
        else:
            different.append(name)
    return Comparison(tuple(same), tuple(missing), tuple(different))


def lying_in(folder: Path) -> dict[str, str]:
    """Name the workflow files of a folder, with their `blob`s.

    Raises:
        UsageError: there is no such folder.
        FolderUnusable: it cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: give the one that holds the workflow files.")
    return {name: blob(_read(folder / name) or "") for name in render() if (folder / name).exists()}


def write(folder: Path, *, scheduled: bool, force: bool = False) -> Written:
    """Write every workflow into a folder, which is made where it is not; a file that is current is left alone.

    Nobody can tell what an earlier version rendered from what was changed by hand: such files are written by `force`.

    Raises:
        UsageError: a file there is somebody else's, or not as this version renders it; then none is written.
        FolderUnusable: it cannot be written.
    """
    rendered = render(scheduled=scheduled)
    held = {name: _read(folder / name) for name in rendered}
    foreign = sorted(name for name, text in held.items() if text is not None and not is_ours(text))
    if foreign:
        raise UsageError(f"{folder} has files that were not rendered here: move {', '.join(foreign)} out of the way.")
    different = compare({name: blob(text) for name, text in held.items() if text is not None}).different
    if different and not force:
        raise UsageError(
            f"{folder} has files that an earlier version rendered or that were changed since: --force writes "
            f"{', '.join(different)} anew."
        )
    due = {name: text for name, text in rendered.items() if text != held[name]}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in due.items():
            _replace(folder / name, text)
    except OSError as error:
        raise FolderUnusable(f"{folder} cannot be written ({error.strerror}): give another folder.") from error
    return Written(str(folder), tuple(sorted(due)), tuple(sorted(set(rendered) - set(due))))


def _read(path: Path) -> str | None:
    """The text of a file, None where there is none; what is no text is somebody else's."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise FolderUnusable(f"{path} cannot be read ({error.strerror}): check its rights.") from error


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
