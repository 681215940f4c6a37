"""Policies in the log: a published version is an event, with all that it was compiled from.

A version says when it takes force, and that lies after its recording: so what was in force at any
past instant never changes. Openings that compile to something else than when they were published
are refused.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from domain import identifier
from domain.policy import Policies, PoliciesDisagree
from infra.store.failure import Damaged, OpeningsChanged
from infra.store.log.codec import unsealed
from infra.store.log.plan import Command, Entry, Request
from infra.store.log.stream import of_policy
from infra.store.log.text import fresh_salt
from infra.store.policies import PolicyFile, PolicyInvalid
from infra.store.policies.document import parse

POLICY_PUBLISHED = "policy.published.v1"


def request(file: PolicyFile, content: bytes, actor: str, version: int) -> Request:
    """Return the request to publish a policy as the `version`-th event of its stream.

    The same content is the same command: published again it changes nothing.
    """
    policy = file.policy
    stream = of_policy(policy.name)
    command_id = identifier.of("policy", policy.label, policy.digest)
    entry = Entry(
        POLICY_PUBLISHED,
        unsealed(
            event_id=identifier.of_event(stream, command_id, 0),
            actor=actor,
            data=_data(file, content),
            command_id=command_id,
            correlation_id=command_id,
        ),
        None,
    )
    command = Command(command_id, bytes.fromhex(policy.digest), fresh_salt())
    # The first version that a log knows has been in force since ever.
    before = None if version == 1 else policy.effective_from
    return Request(stream, version - 1, (entry,), None, command, before=before)


def check_succession(files: Iterable[PolicyFile], file: PolicyFile) -> None:
    """Raise PoliciesDisagree unless a policy can follow those that are published."""
    Policies((*(earlier.policy for earlier in files), file.policy))


def too_late(file: PolicyFile, recorded_at: str) -> PoliciesDisagree:
    """Return why a policy cannot be published any more."""
    return PoliciesDisagree(
        f"{file.policy.label} would have been in force before it is recorded at {recorded_at}; "
        "what was promised in the past stays, so give it an effective_from that is still to come"
    )


def restored(position: int, state: bytes, place: str) -> PolicyFile:
    """Return a published policy, compiled again; raises Damaged and OpeningsChanged."""
    where = f"the policy at position {position}"
    try:
        data: Mapping[str, Any] = orjson.loads(state)["data"]
        label, digest, openings = (
            f"{data['name']}@{data['version']}",
            data["digest"],
            data["openings"],
        )
        file = parse(data["toml"].encode(), label)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Damaged(place, f"{where} cannot be read: {error}") from error
    except PolicyInvalid as error:
        raise Damaged(place, f"{where} is not valid: {error}") from error
    if file.policy.digest != digest:
        raise Damaged(place, f"{where} is not the text that was published")
    changed = [
        name
        for name, opening in openings.items()
        if name not in file.schedules or file.schedules[name].hours.digest != opening
    ]
    if changed:
        raise OpeningsChanged(
            place,
            f"{label} was published with {data['zone_data']} and this program has "
            f"{file.policy.zone_data}, under which hours.{' and hours.'.join(changed)} differ",
        )
    return file


def _data(file: PolicyFile, content: bytes) -> Mapping[str, Any]:
    policy = file.policy
    return {
        "name": policy.name,
        "version": policy.version,
        "toml": content.decode(),
        "digest": policy.digest,
        "openings": {name: schedule.hours.digest for name, schedule in file.schedules.items()},
        "calendar": policy.calendar_name,
        "zone_data": policy.zone_data,
    }
