"""What the commands of `gapmap` share: their common options, progress on standard error, answers on standard output."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON on standard output.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder that the region's files are relative to.")]
Region = Annotated[Path, typer.Argument(help="The region.toml that describes the place.", metavar="REGION.toml")]
Folder = Annotated[Path, typer.Argument(help="A results folder, as written by run or demo.", metavar="DIR")]
Out = Annotated[Path, typer.Option("--out", help="Results folder to write; an earlier one there is replaced.")]


# JSON escapes what is below 0x20 itself, but not the others: those are written so that it stays JSON
_SHOWN = {code: f"\\x{code:02x}" for code in range(0x20) if chr(code) not in "\n\t"} | {
    code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)
}


@contextmanager
def progress() -> Generator[Callable[[float, str], None]]:
    """A bar on standard error when a person watches, plain lines otherwise."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("starting", total=1.0)
            yield lambda part, what: bar.update(task, completed=part, description=what)
    else:
        yield lambda part, what: note(f"{part:4.0%} {what}")


def harmless(text: str) -> str:
    """Text whose control characters, which names in files may hold and a terminal obeys, are shown by their code."""
    return text.translate(_SHOWN)


def note(line: str) -> None:
    """A line on standard error."""
    sys.stderr.write(harmless(line) + "\n")


def say(lines: list[str]) -> None:
    """Lines on standard output."""
    sys.stdout.write(harmless("\n".join(lines)) + "\n")
