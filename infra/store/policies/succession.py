"""What several versions of one policy must say together (semantics §4)."""

from collections.abc import Mapping

from infra.store.policies import source
from infra.store.policies.document import PolicyFile
from infra.store.policies.problem import Problem
from infra.store.policies.table import Findings, shown

Files = Mapping[str, PolicyFile]
"""Policy files by what they are called."""


def problems(files: Files, *, gaps: bool, whole: bool = False) -> dict[str, tuple[Problem, ...]]:
    """Return why the versions of a policy cannot stand together, by the file that has to change.

    Files of different policies are told apart by the name in them. With `gaps`, a version that is
    missing between two others is a problem too; with `whole`, also one that is missing before the
    first.
    """
    found: dict[str, tuple[Problem, ...]] = {}
    passed: dict[str, PolicyFile] = {}
    for path, file in files.items():
        document, text = source.toml(file.content, path)
        findings = Findings(path, text)
        _once(findings, file, passed)
        earlier = {
            other: before
            for other, before in files.items()
            if before.policy.name == file.policy.name
            and before.policy.version < file.policy.version
        }
        if gaps and (earlier or whole):
            _gap(findings, file, earlier)
        if earlier:
            _order(findings, file, shown(document.get("effective_from")), earlier)
            _losses(findings, file, earlier)
        told = findings.problems()
        if told:
            found[path] = told
        passed[path] = file
    return found


def _once(findings: Findings, file: PolicyFile, passed: Files) -> None:
    """Refuse a second file of one version: a published version is never edited."""
    for path, other in passed.items():
        if other.policy.label == file.policy.label:
            findings.add(
                ("version",),
                f"a version of its own, because {path} is {file.policy.label} too",
                str(file.policy.version),
            )
            return


def _gap(findings: Findings, file: PolicyFile, earlier: Files) -> None:
    """Refuse a missing version: found by its name, the policy needs them all."""
    policy = file.policy
    before = max((other.policy.version for other in earlier.values()), default=0)
    follows = f", which follows {policy.name}@{before}" if before else ""
    first, last = f"{policy.name}@{before + 1}", f"{policy.name}@{policy.version - 1}"
    if before + 1 < policy.version:
        missing = first if first == last else f"{first} to {last}"
        findings.add(
            ("version",),
            f"{before + 1}{follows}, or {missing} given too",
            str(policy.version),
        )


def _order(findings: Findings, file: PolicyFile, written: str, earlier: Files) -> None:
    """Refuse a version that comes into force before an earlier one does, or with it."""
    starts = {
        path: other.policy.effective_from
        for path, other in earlier.items()
        if other.policy.effective_from is not None
    }
    if not starts or file.policy.effective_from is None:
        return
    path = max(starts, key=lambda path: starts[path])
    if file.policy.effective_from <= starts[path]:
        document, _ = source.toml(earlier[path].content, path)
        findings.add(
            ("effective_from",),
            f"an instant after {shown(document.get('effective_from'))}, when "
            f"{earlier[path].policy.label} comes into force",
            written,
        )


def _losses(findings: Findings, file: PolicyFile, earlier: Files) -> None:
    """Refuse a version without a plan or severity that tickets may still name."""
    policy = file.policy
    lost: dict[tuple[str, str], str] = {}
    for other in sorted((file.policy for file in earlier.values()), key=lambda one: one.version):
        for plan in other.plans:
            if plan not in policy.plans:
                lost["plans", plan] = f"the plan that {other.label} has, because tickets name it"
        for level in other.severities:
            if level not in policy.severities:
                lost["severities", str(level)] = (
                    f"the severity that {other.label} has, because tickets name it"
                )
    for path, expected in lost.items():
        findings.add(path, expected, shown(None))
