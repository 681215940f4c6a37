"""Policies on disk: read, validated whole, and found by name (semantics §1)."""

from infra.store.policies.document import PolicyFile, Schedule, load, read
from infra.store.policies.duration import Budget, Duration
from infra.store.policies.folder import LHUTA_POLICIES, files, find
from infra.store.policies.problem import PolicyInvalid, PolicyUnknown, PolicyUnreadable, Problem

__all__ = [
    "LHUTA_POLICIES",
    "Budget",
    "Duration",
    "PolicyFile",
    "PolicyInvalid",
    "PolicyUnknown",
    "PolicyUnreadable",
    "Problem",
    "Schedule",
    "files",
    "find",
    "load",
    "read",
]
