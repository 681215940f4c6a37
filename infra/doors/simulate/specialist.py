"""The specialist: triages requests, not always rightly, and corrects the triage later."""

from collections.abc import Mapping

from domain.command import Triage
from domain.policy import Policy
from infra.doors.simulate.case import Case
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.phrasebook import Phrases
from infra.doors.simulate.problem import supported_topics
from infra.doors.simulate.texts import Writer

WRONG_SEVERITY = 0.09
WRONG_TOPIC = 0.2
"""How often an unsupported topic is taken for a supported one at first."""

WITHOUT_RATIONALE = 0.35


class Specialist:
    """Decides what is written into a triage."""

    __slots__ = ("_chance", "_writers")

    def __init__(self, writers: Mapping[str, Writer], chance: Chance) -> None:
        self._writers = writers
        self._chance = chance

    def first(self, case: Case, policy: Policy) -> Triage:
        """Judge a request as it looks at first."""
        chance = self._chance
        levels = sorted(policy.severities)
        severity = case.severity
        if chance.happens(WRONG_SEVERITY):
            place = levels.index(severity) + (1 if chance.happens(0.6) else -1)
            severity = levels[min(max(place, 0), len(levels) - 1)]
        topic = known_topic(case, policy)
        if not policy.topics[topic].supported and chance.happens(WRONG_TOPIC):
            topic = chance.pick([*supported_topics(policy), topic])
        book = self._writers[case.customer.language].book
        if policy.topics[topic].supported:
            phrases = None if chance.happens(WITHOUT_RATIONALE) else book.rationales
        else:
            phrases = book.rationales_unsupported
        return self._triage(case, policy, severity, topic, None, phrases)

    def corrected(self, case: Case, policy: Policy) -> Triage:
        """Judge a request as it turned out to be."""
        triage = case.ticket.triage
        assert triage is not None
        book = self._writers[case.customer.language].book
        topic = known_topic(case, policy)
        supported = policy.topics[topic].supported or case.lifted
        phrases = book.rationales
        if case.severity < triage.severity:
            phrases = book.rationales_raised
        elif case.severity > triage.severity:
            phrases = book.rationales_lowered
        elif supported and not triage.supported:
            phrases = book.rationales_best_effort_lifted
        elif not supported and triage.supported:
            phrases = book.rationales_unsupported
        return self._triage(case, policy, case.severity, topic, supported, phrases)

    def is_right(self, case: Case, policy: Policy) -> bool:
        """Tell whether the triage says what is really the matter."""
        triage = case.ticket.triage
        if triage is None:
            return False
        supported = policy.topics[known_topic(case, policy)].supported or case.lifted
        return triage.severity == case.severity and triage.supported == supported

    def _triage(
        self,
        case: Case,
        policy: Policy,
        severity: int,
        topic: str,
        supported: bool | None,
        phrases: Phrases | None,
    ) -> Triage:
        impacts = policy.severities[severity].impacts
        hinted = case.about.theme.impact
        impact = hinted if hinted in impacts else self._chance.pick(impacts)
        rationale = None
        if phrases is not None:
            writer = self._writers[case.customer.language]
            about = case.about._replace(topic=policy.topics[topic].title)
            rationale = writer.note(phrases, about, policy.impacts[impact])
        return Triage(case.id, severity, impact, topic, supported, rationale)


def known_topic(case: Case, policy: Policy) -> str:
    """Return the topic of a case, or one like it where a later version has it no more."""
    if case.topic in policy.topics:
        return case.topic
    return next(iter(policy.topics))
