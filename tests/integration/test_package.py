"""The package as it is installed: compiled, and it says the same as the working copy."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.servers.missing import missing

UNPACKED = REPOSITORY / "build" / "unpacked"
COMPILED = ("domain.clock", "projections.projector", "streams.envelope", "infra.store.log.codec")
JUDGING = ("tests/spec", "tests/property", "tests/golden", "tests/reference")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Make the package, and give the environment in which Python takes it for the working copy."""
    compiler = os.environ.get("CC", "cc")
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if shutil.which(compiler) is None or not headers.exists():
        missing("no C compiler, or no headers of Python: apt-get install gcc libc6-dev python3-dev")
    made = subprocess.run(
        ["make", "wheel"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return {**os.environ, "PYTHONPATH": str(UNPACKED), "PYTHONSAFEPATH": "1"}


@pytest.mark.parametrize("module", COMPILED)
def test_what_runs_for_every_event_is_compiled(environment: dict[str, str], module: str) -> None:
    """It is loaded from the package, and not as Python source."""
    code = f"import {module} as module; print(module.__file__)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert Path(loaded).is_relative_to(UNPACKED)
    assert loaded.endswith(sysconfig.get_config_var("EXT_SUFFIX"))


def test_it_judges_as_the_working_copy_does(environment: dict[str, str]) -> None:
    """The specification, the properties and the golden histories hold for the package."""
    arguments = (*JUDGING, "-o", "pythonpath=", "--import-mode=append", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"domain of {UNPACKED}" in done.stdout
