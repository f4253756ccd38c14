"""Settings that a person writes by hand (TOML): each fault with its dotted key, unknown keys with a suggestion."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from geo.errors import Fault, SchemaError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MAX_BYTES = 1_000_000


class Section(BaseModel):
    """Base of every settings table: immutable, and a misspelt key never passes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file (UTF-8, a BOM is tolerated).

    Raises
    ------
    SourceError
        Missing, a directory, too large or not UTF-8.
    SchemaError
        Not TOML; the fault carries the parser's line.
    """
    if not path.exists():
        raise SourceError(f"{path.name}: no such file")
    if path.is_dir():
        raise SourceError(f"{path.name}: a directory, not a TOML file")
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise SourceError(f"{path.name}: {len(raw):,} bytes is no settings file")
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(f"{path.name}: not UTF-8 text; save it as UTF-8") from error
    except RecursionError as error:
        raise SchemaError([Fault(path.name, "is nested too deeply", "write plain tables")]) from error
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise SchemaError([Fault(path.name, f"not valid TOML: {error}", "correct that line")]) from error


LISTED = 40
"""Known words that a suggestion lists at most."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say ``did you mean 'x'?`` for the known word that goes on like it or is nearest, or list what is known."""
    names = sorted(known)
    near = [name for name in names if name.startswith(f"{word}-")] or difflib.get_close_matches(
        word, names, n=1, cutoff=0.5
    )
    if near:
        return f"did you mean '{near[0]}'?"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"use one of: {', '.join(names[:LISTED])}{more}"


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Field names of the section in which `location` names an unknown key."""
    current: Any = model
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part) if hasattr(current, "model_fields") else None
        if field is None:
            continue
        current = model_in(field.annotation) or current
    return sorted(current.model_fields) if hasattr(current, "model_fields") else []


def model_in(annotation: Any) -> type[BaseModel] | None:
    """First settings model inside an annotation, such as the one of ``list[Section] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = model_in(argument)
        if found is not None:
            return found
    return None


_WANTED = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
}
"""What a value must be, by what pydantic calls the fault."""

_CHOICE = re.compile(r"function-\w+\[.*\]|(?:literal|list|dict)\[.*\]|str")


def _located(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where a fault is, without the names by which pydantic tells apart the forms that a value may have."""
    last = len(location) - 1
    kept = [
        part
        for i, part in enumerate(location)
        if not (isinstance(part, str) and _CHOICE.fullmatch(part) and (part != "str" or i == last > 1))
    ]
    return tuple(kept)


def _must(item: Mapping[str, Any]) -> str:
    """What a value must be, in plain words."""
    kind, limits = str(item["type"]), item.get("ctx", {})
    if kind == "value_error":
        return str(limits["error"])
    if kind == "literal_error":
        return f"must be {limits['expected']}"
    if kind in {"string_too_short", "too_short"}:
        return "must not be empty"
    for limit, words in (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than")):
        if limit in limits:
            return f"must be {words} {limits[limit]:g}"
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}"
    return f"{item['msg'][:1].lower()}{item['msg'][1:]}".replace("should", "must").removeprefix("input ")


def faults_of(error: ValidationError, model: type[BaseModel], name: str) -> list[Fault]:
    """Turn pydantic's findings into faults with a dotted key and a mend, in the order of the keys.

    Of a value that may have several forms, what is wrong inside one of them is told; else all forms in one fault.
    """
    found = [(_located(item["loc"]), item) for item in error.errors(include_url=False)]
    deep = {place[:n] for place, _ in found for n in range(len(place))}
    faults: list[Fault] = []
    forms: dict[str, list[str]] = {}
    for place, item in found:
        key = ".".join(str(part) for part in place)
        if item["type"] == "extra_forbidden":
            faults.append(Fault(name, f"{key}: unknown key", suggestion(str(place[-1]), _keys_at(model, place))))
        elif item["type"] == "missing":
            faults.append(Fault(name, f"{key}: missing", f"add '{place[-1]}'"))
        elif place not in deep:
            forms.setdefault(f"{key} = {item['input']!r:.80}", []).append(_must(item))
    for what, wanted in forms.items():
        own = [words for words in wanted if not words.startswith("must be ")]
        told = own or [wanted[0], *(words.removeprefix("must be ") for words in wanted[1:])]
        faults.append(Fault(name, f"{what}: {' or '.join(dict.fromkeys(told))}", "correct the value"))
    return sorted(faults)


def validated(values: Mapping[str, Any], model: type[Model], *, name: str) -> Model:
    """Build `model` from parsed values.

    Raises
    ------
    SchemaError
        Every unknown key (with the nearest known one), missing key and impossible value at once.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise SchemaError(faults_of(error, model, name)) from error
