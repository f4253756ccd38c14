"""Documentation that lags is a failing test: every command, option, region key and scenario key is named."""

import importlib.util
import re

import pytest
from conftest import ROOT

import analysis
import data
import geo


def keys_module():
    spec = importlib.util.spec_from_file_location("doc_keys", ROOT / "docs" / "_keys.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_region_and_scenario_tables_are_the_models_own():
    from analysis.scenario import Scenario
    from data.region_file import RegionFile

    module = keys_module()
    assert module.table(RegionFile) in text("docs/region.md"), "run `python docs/_keys.py region`"
    assert module.table(Scenario) in text("docs/scenario.md"), "run `python docs/_keys.py scenario`"
    rows = module.keys(RegionFile) + module.keys(Scenario)
    assert len(rows) > 60
    assert all(description for _, _, description in rows)


def test_every_command_and_option_is_documented():
    import typer

    from analysis.cli import app

    commands = typer.main.get_command(app).commands
    manual = text("docs/commands.md")
    tools = {"check", "degurba", "coverage", "streets", "hosts"}
    assert set(commands) == {"demo", "run", "compare", "plans", "explain", "app"} | tools
    for name, command in commands.items():
        assert re.search(rf"^## `gapmap {name}", manual, flags=re.MULTILINE), name
        section = manual.split(f"## `gapmap {name}")[1].split("\n## ")[0]
        for parameter in command.params:
            for option in parameter.opts:
                shown = f"`{option}" if option.startswith("--") else option.upper()
                assert shown in section, (name, option)


def test_nothing_is_documented_that_is_not_there():
    import typer

    from analysis.cli import app

    commands = typer.main.get_command(app).commands
    manual = text("docs/commands.md")
    for name in re.findall(r"^## `gapmap (\w+)", manual, flags=re.MULTILINE):
        known = {opt for p in commands[name].params for opt in (*p.opts, *p.secondary_opts)}
        section = manual.split(f"## `gapmap {name}")[1].split("\n## ")[0]
        for option in re.findall(r"`(--[\w-]+)", section):
            assert option in known, (name, option)


def test_readme_lines_need_nothing_but_python():
    readme = text("README.md")
    lines = re.findall(r"^python3 -m venv .*$", readme, flags=re.MULTILINE)
    assert len(lines) == 2
    assert "requirements.lock" in lines[0]
    assert "gapmap demo" in lines[0]
    assert "requirements-dev.lock" in lines[1]
    assert "pytest" in lines[1]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_are_pinned_hashed_and_name_no_host(name):
    lock = text(name)
    assert "://" not in lock
    assert "--index" not in lock
    pinned = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pinned) > 30
    assert all("==" in line for line in pinned)
    assert lock.count("--hash=sha256:") >= len(pinned)


def test_every_link_between_documents_leads_somewhere():
    for path in [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "examples").glob("*/*.md")),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), (path.name, target)


def test_the_three_packages_are_this_checkout():
    for package in (geo, data, analysis):
        assert ROOT in __import__("pathlib").Path(package.__file__).resolve().parents


def test_every_cost_and_radius_has_a_source():
    import pandas as pd

    radii = pd.read_csv(ROOT / "data/tables/footprint_radius.csv")
    assert radii[["source_low", "source_central", "source_high"]].notna().all().all()
    costs = pd.read_csv(ROOT / "data/tables/costs.csv")
    assert costs[["unit", "source"]].notna().all().all()
    money = costs[costs["unit"].str.contains("/yr|per|each|month", na=False)]
    assert len(money) > 3
