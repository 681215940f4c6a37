"""Policies found by name: all published versions of one, each in its own file.

Version 1 of `acme` is `acme.toml`, version 2 is `acme@2.toml`, and so on: only the files of the
policy asked for are opened.
"""

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

import infra
from domain.policy import Policies, Policy
from infra.store.policies import succession
from infra.store.policies.document import PolicyFile, read
from infra.store.policies.problem import PolicyInvalid, PolicyUnknown, PolicyUnreadable, Problem
from infra.store.policies.section import POLICY_NAME

LHUTA_POLICIES = "LHUTA_POLICIES"
"""The environment variable that names the folder of policies."""

_FILE = re.compile(r"([a-z0-9-]{1,32})(?:@\d+)?\.toml", re.ASCII)


def find(name_or_path: str) -> Policies:
    """Return the published versions of a policy by name, or the one version in a file.

    A path is what ends in `.toml`, contains a folder, or is a file; everything else is a name,
    sought in the folder that LHUTA_POLICIES names, else in `./policies`, else in the one that
    comes with the program. Raises PolicyUnknown (PolicyUnreadable for a file), and PolicyInvalid
    with everything that is wrong in a version or between two.
    """
    return Policies(tuple(file.policy for file in files(name_or_path)))


def files(name_or_path: str) -> tuple[PolicyFile, ...]:
    """Return what `find` finds as the author wrote it, the oldest version first."""
    if _is_path(name_or_path):
        return (read(name_or_path),)
    found: dict[str, PolicyFile] = {}
    problems: list[Problem] = []
    for path in _versions(name_or_path):
        try:
            found[str(path)] = _read_published(path)
        except PolicyInvalid as error:
            problems += error.problems
    if [file.policy.version for file in found.values()] != [1]:
        # What seems to be missing may be the file that is wrong.
        conflicts = succession.problems(found, gaps=not problems, whole=True)
        problems += chain.from_iterable(conflicts.values())
    if problems:
        raise PolicyInvalid(tuple(problems))
    return tuple(sorted(found.values(), key=lambda file: file.policy.version))


def file_name(policy: Policy) -> str:
    """Return what the file of a version is called, so that it can be found by name."""
    return f"{policy.name if policy.version == 1 else policy.label}.toml"


def _is_path(text: str) -> bool:
    path = Path(text)
    if text.endswith(".toml") or path.name != text:
        return True
    return path.is_file() or (path.exists() and POLICY_NAME.fullmatch(text) is None)


def _versions(name: str) -> list[Path]:
    known: set[str] = set()
    for folder in _folders():
        published = [
            (match[1], path)
            for path in sorted(folder.iterdir())
            if (match := _FILE.fullmatch(path.name)) is not None
        ]
        versions = [path for found, path in published if found == name]
        if versions:
            return versions
        known.update(found for found, _ in published)
    raise PolicyUnknown(_no_such(name, known))


def _folders() -> Iterable[Path]:
    chosen = os.environ.get(LHUTA_POLICIES)
    if chosen:
        if not Path(chosen).is_dir():
            raise PolicyUnreadable(f"{LHUTA_POLICIES} names {chosen}, which is not a folder")
        return [Path(chosen)]
    shipped = Path(infra.__file__).resolve().parents[1] / "policies"
    return [folder for folder in (Path("policies"), shipped) if folder.is_dir()]


def _no_such(name: str, known: set[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    listed = f"known are {', '.join(sorted(known))}" if known else "no policy is published"
    return f"no policy is called '{name}'{hint}; {listed}; a file is named by its path"


def _read_published(path: Path) -> PolicyFile:
    file = read(path)
    expected = file_name(file.policy)
    if path.name != expected:
        problem = Problem(
            str(path), "", None, f"{file.policy.label} in a file called {expected}", path.name
        )
        raise PolicyInvalid((problem,))
    return file
