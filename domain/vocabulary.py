"""Whether a command uses the words that the policy in force and the contract define.

Each check raises the refusal named after what is unknown, with the known values in its message.
"""

from typing import get_args

from domain.command import CHANNELS, METHODS
from domain.event import Awaiting
from domain.policy import Policy
from domain.refusal import (
    AwaitingUnknown,
    ChannelUnknown,
    ImpactUnknown,
    MethodUnknown,
    PlanUnknown,
    RootCauseUnknown,
    SeverityUnknown,
    TopicUnknown,
)


def check_plan(plan: str, policy: Policy) -> None:
    """Raise PlanUnknown unless the policy has the plan."""
    if plan not in policy.plans:
        raise PlanUnknown(plan, policy.plans, policy.label)


def check_severity(severity: int, policy: Policy) -> None:
    """Raise SeverityUnknown unless the policy has the severity."""
    if severity not in policy.severities:
        raise SeverityUnknown(severity, policy.severities, policy.label)


def check_impact(impact: str, policy: Policy) -> None:
    """Raise ImpactUnknown unless the policy has the impact."""
    if impact not in policy.impacts:
        raise ImpactUnknown(impact, policy.impacts, policy.label)


def check_topic(topic: str, policy: Policy) -> None:
    """Raise TopicUnknown unless the policy has the topic."""
    if topic not in policy.topics:
        raise TopicUnknown(topic, policy.topics, policy.label)


def check_root_cause(root_cause: str, policy: Policy) -> None:
    """Raise RootCauseUnknown unless the policy has the root cause."""
    if root_cause not in policy.root_causes:
        raise RootCauseUnknown(root_cause, policy.root_causes, policy.label)


def check_channel(channel: str) -> None:
    """Raise ChannelUnknown unless the contract has the channel."""
    if channel not in CHANNELS:
        raise ChannelUnknown(channel, CHANNELS)


def check_method(method: str) -> None:
    """Raise MethodUnknown unless the contract has the method of verification."""
    if method not in METHODS:
        raise MethodUnknown(method, METHODS)


def check_awaiting(awaiting: str) -> None:
    """Raise AwaitingUnknown unless it is a side that can owe the next step."""
    if awaiting not in get_args(Awaiting):
        raise AwaitingUnknown(awaiting, get_args(Awaiting))
