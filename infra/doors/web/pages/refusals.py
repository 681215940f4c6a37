"""What was refused, in the language of who reads: the cause, what helps, the wrong fields."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from domain.policy import Phrase, Policy
from domain.refusal import INSTANTS, Refusal
from infra.doors.web.pages.czech import CZECH
from infra.doors.web.pages.words import Said
from infra.doors.web.problem import NOTHING, Problem
from projections.wording import Language


class Reader(Protocol):
    """In which language somebody reads, and by which policy."""

    @property
    def language(self) -> Language:
        """Return the language."""

    @property
    def said(self) -> Said:
        """Return what pages say in it."""

    @property
    def policy(self) -> Policy:
        """Return the policy whose words are used."""

    def phrase(self, phrase: Phrase) -> str:
        """Take the policy's own words."""

    def exact(self, at: int) -> str:
        """Write an instant to the second."""


class Refused(NamedTuple):
    """A refusal on a page; `faults` are the wrong fields by their labels."""

    name: str
    cause: str
    cure: str
    faults: Sequence[tuple[str, str]]


def _rules(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        yield one
        yield from _rules(one)


ENGLISH: Mapping[str, str] = {
    one.__name__: one.says for one in _rules(Refusal) if hasattr(one, "says")
}
"""What refusals say in English, with places; the other problems bring their message."""

_TEXTS: Mapping[Language, Mapping[str, str]] = {"en": ENGLISH, "cs": CZECH}
_LABELS = {"customer_id": "customer", "as_of": "time_machine"}
"""The labels of fields that have another name on the pages."""


def told(problem: Problem, reader: Reader) -> Refused:
    """Tell a problem in the language of a page."""
    faults = [
        (_label(one.field, reader), _said(one.name, one.told, one.message, reader))
        for one in problem.faults
    ]
    if faults:
        return Refused(problem.name, "", "", faults)
    cause, _, cure = _said(problem.name, problem.told, problem.detail, reader).partition("; ")
    return Refused(problem.name, cause, cure, ())


def in_short(problem: Problem, language: Language) -> Refused:
    """Tell a problem that names nothing of the policy, so that none is needed for it."""
    text = _TEXTS[language].get(problem.name, problem.detail)
    cause, _, cure = text.partition("; ")
    return Refused(problem.name, cause, cure, ())


def _said(name: str, values: Mapping[str, object], message: str, reader: Reader) -> str:
    texts = _TEXTS[reader.language]
    text = texts.get(f"{name}.{values.get('type')}", texts.get(name))
    if text is None or (reader.language == "en" and values is NOTHING):
        return message
    return text.format(**{one: _value(name, one, value, reader) for one, value in values.items()})


def _value(name: str, place: str, value: object, reader: Reader) -> str:
    if place in INSTANTS and isinstance(value, int):
        return reader.exact(value)
    if place == "field":
        return _label(str(value), reader)
    words = _words(name, place, reader)
    if isinstance(value, tuple):
        return ", ".join(words.get(str(one), str(one)) for one in value)
    return words.get(str(value), str(value))


def _words(name: str, place: str, reader: Reader) -> Mapping[str, str]:
    """Return what people call the identifiers in a place of a refusal."""
    policy, phrase = reader.policy, reader.phrase
    match name, place:
        case (_, "impact" | "backing") | ("ImpactUnknown", "choices"):
            return {one: phrase(title) for one, title in policy.impacts.items()}
        case (_, "topic") | ("TopicUnknown", "choices"):
            return {one: phrase(topic.title) for one, topic in policy.topics.items()}
        case ("RootCauseUnknown", "choices"):
            return {one: phrase(title) for one, title in policy.root_causes.items()}
        case ("PlanUnknown", "choices"):
            return {one: phrase(plan.title) for one, plan in policy.plans.items()}
        case ("MethodUnknown" | "AwaitingUnknown" | "ChannelUnknown", "choices"):
            return reader.said
        case _:
            return {}


def _label(field: str, reader: Reader) -> str:
    return reader.said.get(_LABELS.get(field, field), field)
