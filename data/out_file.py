"""A file to be written: refused before any work is done where it cannot be, or where it would cost a person a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import Fault, SchemaError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable


def require_output(out: Path, *, suffix: str, inputs: Iterable[Path], option: str = "--out") -> None:
    """Check that a file can be written and that it is none of those that are read.

    Parameters
    ----------
    out : Path
    suffix : str
        That it must have, such as ``.csv``.
    inputs : iterable of Path
        Files that must stay as they are.
    option : str
        How the person named it.

    Raises
    ------
    SchemaError
        Another suffix, or one of the inputs.
    SourceError
        Its folder is not there or cannot be written, or it is no file.
    """
    if out.suffix.lower() != suffix:
        raise SchemaError([Fault(option, f"'{out}' is no name of a {suffix} file", f"name it *{suffix}")])
    try:
        _require_apart(out, inputs, option=option)
        _require_room(out)
    except SourceError:
        raise
    except (OSError, RuntimeError) as error:  # RuntimeError: a ring of links
        why = getattr(error, "strerror", None) or error
        raise SourceError(f"{out}: cannot be written ({why}). Mend: name another file") from error


def _require_apart(out: Path, inputs: Iterable[Path], *, option: str) -> None:
    there = out.resolve()
    for path in inputs:
        if path.resolve() == there or (out.exists() and path.exists() and out.samefile(path)):
            raise SchemaError([Fault(option, f"{out} is one of the files to be read", "name another file")])


def _require_room(out: Path) -> None:
    folder = out.resolve().parent
    if not folder.is_dir():
        raise SourceError(f"{out}: there is no folder {out.parent}. Mend: make it, or name another file")
    if out.exists() and not out.is_file():
        raise SourceError(f"{out}: is no file. Mend: name another")
    # what is written beside it first has a name as long as this one
    beside = folder / f".{out.name}.{os.getpid()}.try"
    beside.touch()
    beside.unlink()


def first_line(path: Path) -> str:
    """First line of a text file; blank when there is none, or it is not text."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            return file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        return ""
