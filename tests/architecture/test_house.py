"""The house as a visitor finds it: what lies at the top, what the lock and the files may name."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

TOP_LEVEL = frozenset(
    {
        ".ci",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "compose.yaml",
        "docs",
        "domain",
        "infra",
        "policies",
        "projections",
        "pyproject.toml",
        "requirements.txt",
        "streams",
        "tests",
    }
)

# In parts, so that this file does not hold what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("proxy", "golang", "org"),
    )
)
MACHINE_FOLDERS = ("home", "root", "Users", "work", "tmp", "opt", "mnt")
MACHINE_PATH = re.compile(rf"(?<![\w.~/\\)}}>*-])/(?:{'|'.join(MACHINE_FOLDERS)})/\w")

REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)", re.MULTILINE)
TARGET = re.compile(r"^(?P<name>[a-z]+):", re.MULTILINE)
COMMAND = re.compile(r"(?:`|^ *(?:\$ )?)make (?P<name>[a-z]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """List the files that the repository keeps, or skip where there is no checkout."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    try:
        listing = subprocess.run(
            # The checkout may belong to another user than the one who tests it.
            ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z"],
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as reason:
        pytest.skip(f"git cannot list the files: {reason}")
    names = listing.stdout.decode().split("\0")[:-1]
    if not names:
        pytest.skip("nothing is tracked yet")
    return [Path(name) for name in names]


@pytest.fixture(scope="module")
def texts(tracked: list[Path]) -> dict[str, str]:
    """Read every tracked file that is there, whatever its encoding."""
    return {
        path.as_posix(): (REPOSITORY / path).read_bytes().decode("utf-8", errors="replace")
        for path in tracked
        if (REPOSITORY / path).is_file()
    }


def test_the_top_level_holds_only_what_custom_expects(tracked: list[Path]) -> None:
    """A visitor sees the four rooms, the tests, and nothing that needs explaining."""
    assert {path.parts[0] for path in tracked} - TOP_LEVEL == set()


def test_no_file_names_a_machine(texts: dict[str, str]) -> None:
    """A path that only exists on somebody's machine helps nobody else."""
    assert [
        f"{name}: {found.group()}"
        for name, text in texts.items()
        for found in MACHINE_PATH.finditer(text)
    ] == []


def test_no_file_names_a_package_registry(texts: dict[str, str]) -> None:
    """Where packages come from is the business of whoever installs them."""
    assert [
        f"{name}: {host}" for name, text in texts.items() for host in REGISTRY_HOSTS if host in text
    ] == []


def test_a_machine_path_is_told_from_an_address_and_a_relative_path() -> None:
    """The search finds what it is meant to find and leaves the rest alone."""
    folder = "/" + "home/"
    assert MACHINE_PATH.search(f"see {folder}jana/history.jsonl")
    assert MACHINE_PATH.search(f'open("{folder}jana")')
    assert not MACHINE_PATH.search(f"https://example.com{folder}jana")
    assert not MACHINE_PATH.search(f"..{folder}jana")


def test_the_lock_names_no_host() -> None:
    """The lock can be used with any mirror: no address in it, no index, no other source."""
    lock = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    assert not re.search(r"^ *--(?!hash=)", lock, re.MULTILINE)


def test_every_requirement_is_pinned_with_hashes() -> None:
    """A package that changed after we looked at it cannot be installed."""
    lock = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    entries = re.sub(r"^ *#.*\n", "", lock, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    assert entries
    assert [
        entry for entry in entries if not (REQUIREMENT.match(entry) and "--hash=sha256:" in entry)
    ] == []


def test_the_lock_holds_every_declared_dependency() -> None:
    """A dependency added without `make lock` would be missing on the next machine."""
    lock = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9.-]", requirement)[0] for requirement in declared}
    assert names - {found["name"] for found in REQUIREMENT.finditer(lock)} == set()


def test_every_make_command_of_the_readme_exists() -> None:
    """What the README tells a newcomer to type is a target of the Makefile."""
    readme = REPOSITORY / "README.md"
    if not readme.is_file():
        pytest.skip("there is no README.md")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    promised = {found["name"] for found in COMMAND.finditer(readme.read_text(encoding="utf-8"))}
    assert promised - {found["name"] for found in TARGET.finditer(makefile)} == set()
