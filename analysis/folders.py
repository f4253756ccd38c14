"""Folders of their own for what is made from results folders: an earlier one is replaced, anything else is left."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.results import fresh_folder
from geo.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(frozen=True)
class FolderKind:
    """What a folder of one kind is known by.

    Attributes
    ----------
    what : str
        In words: ``comparison``.
    mark : str
        File that every folder of the kind has.
    outputs : frozenset of str
        A folder with the mark and nothing but these is one of the kind, which another may replace.
    example : str
        Name of such a folder in a hint.
    """

    what: str
    mark: str
    outputs: frozenset[str]
    example: str


@contextmanager
def own_folder(out: Path, kind: FolderKind, *, of: tuple[Path, ...]) -> Generator[Path]:
    """Give a folder to write into; an earlier one of the kind steps aside and comes back when anything fails.

    Parameters
    ----------
    out : Path
        Must not exist, be empty, or be of the kind.
    kind : FolderKind
    of : tuple of Path
        Results folders that it is made from: inside one of them it would keep a later run from replacing it.

    Raises
    ------
    SourceError
        `out` holds something else, or cannot be written.
    """
    target = out.resolve()
    earlier = _is_earlier(target, out, kind)
    inside = [folder for folder in of if folder.resolve() in (target, *target.parents)]
    if inside:
        raise SourceError(f"{out}: lies inside the results folder {inside[0]}. Mend: name a folder beside it")
    if not earlier:
        with fresh_folder(out) as folder:
            yield folder
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".old", dir=target.parent))
    target.replace(aside / target.name)
    try:
        with fresh_folder(out) as folder:
            yield folder
    except BaseException:
        (aside / target.name).replace(target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _is_earlier(target: Path, out: Path, kind: FolderKind) -> bool:
    """Whether an earlier folder of the kind stands there; SourceError when anything else does."""
    try:
        names = {path.name for path in target.iterdir()} if target.is_dir() else set[str]()
        other = target.exists() and not target.is_dir()
    except OSError as error:
        raise SourceError(f"{out}: cannot be used ({error.strerror}). Mend: name another folder") from error
    if other or (names and not (kind.mark in names and names <= kind.outputs)):
        raise SourceError(f"{out}: exists and holds no {kind.what}. Mend: name another folder")
    if target == Path.cwd():
        raise SourceError(
            f"{out}: is the folder you stand in. Mend: name a folder inside it, such as {out / kind.example}"
        )
    return bool(names)
