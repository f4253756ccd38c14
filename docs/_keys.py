"""Print the tables of keys for docs/region.md and docs/scenario.md from the models themselves."""

from __future__ import annotations

import sys
from typing import Any

from analysis.scenario import Scenario
from data.region_file import RegionFile
from data.settings import model_in


def keys(model: Any, prefix: str = "") -> list[tuple[str, str, str]]:
    """(dotted key, default, description) of every setting, in the order of the model."""
    rows: list[tuple[str, str, str]] = []
    for name, field in model.model_fields.items():
        default = (
            "required"
            if field.is_required()
            else ""
            if field.default_factory or model_in(field.annotation)
            else repr(field.default)
        )
        rows.append((f"{prefix}{name}", "" if default == "None" else default, field.description or ""))
        inner = model_in(field.annotation)
        if inner is not None:
            rows += keys(inner, f"{prefix}{name}.")
    return rows


def table(model: Any) -> str:
    """Markdown table of every key."""
    lines = ["| key | default | meaning |", "|---|---|---|"]
    lines += [f"| `{key}` | {default} | {text} |" for key, default, text in keys(model)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table({"region": RegionFile, "scenario": Scenario}[sys.argv[1]]) + "\n")
