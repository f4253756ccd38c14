"""Fixtures and the one rule of absent data: skip with a reason, but never under CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"

settings.register_profile("gapmap", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gapmap")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped under CI=true: {report.longrepr}"


def shared(name: str) -> Path:
    """Folder of real data, or a skip that says why."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"real data '{name}' is not beside this checkout (../shared/data/{name})")
    return folder


@pytest.fixture(scope="session")
def belgium() -> Path:
    return shared("ghsl-belgium")


@pytest.fixture(scope="session")
def accra() -> Path:
    return shared("greater-accra")


@pytest.fixture(scope="session")
def paris() -> Path:
    return shared("ile-de-france")


@pytest.fixture(scope="session")
def new_york() -> Path:
    return shared("nyc-wifi")
