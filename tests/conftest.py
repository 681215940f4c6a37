"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

import domain

pytest_plugins = ["tests.servers.kafka", "tests.servers.postgresql", "tests.servers.read_models"]

REPOSITORY = Path(__file__).resolve().parents[1]

# Logs are where the tests put them, whatever desk somebody works at who runs them.
os.environ.pop("LHUTA_DATABASE", None)

# The same examples on every run, so that a red test is red for everybody;
# `pytest --hypothesis-profile=thorough` goes hunting for new ones.
settings.register_profile("deterministic", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("thorough", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("deterministic")


def pytest_report_header() -> str:
    """Say what is tested: the working copy, or the package."""
    return f"domain of {Path(domain.__file__).parents[1]}"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Find the folder of shared data, or skip the test that needs it."""
    folder = Path(os.environ.get("LHUTA_SHARED") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip("no shared data: LHUTA_SHARED names no folder and ../shared is absent")
    return folder
