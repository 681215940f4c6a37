"""The words of one language, in parts that a request or an answer is put together from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

Phrases = tuple[str, ...]


class Wording(NamedTuple):
    """How a theme is told, got around, and settled."""

    subjects: Phrases
    bodies: Phrases
    workaround: str
    resolution: str


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """One language. Braces name details of the ticket: {module}, {version}, {count} and others."""

    lower_after_greeting: bool
    modules: Phrases
    themes: Mapping[str, Wording]
    greetings: Phrases
    customer_closings: Phrases
    agent_closings: Phrases
    recent_changes: Phrases
    workarounds_tried: Phrases
    steps_taken: Phrases
    rationales: Phrases
    rationales_unsupported: Phrases
    rationales_best_effort_lifted: Phrases
    rationales_raised: Phrases
    rationales_lowered: Phrases
    acknowledgements: Phrases
    questions: Phrases
    updates: Phrases
    workaround_closings: Phrases
    silence: Phrases
    chases: Phrases
    replies: Phrases
    replies_after_workaround: Phrases
    worse: Phrases
    reopenings: Phrases
    courtesies: Phrases
    confirmations: Phrases
    retests: Phrases
    watched: Phrases
    other_evidence: Phrases
    by_phone: Phrases
    best_effort: Phrases
    follow_up: Phrases
