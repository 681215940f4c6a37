"""Puts requests, answers and evidence together from a phrasebook."""

from typing import NamedTuple

from domain.policy import Phrase
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.czech import CZECH
from infra.doors.simulate.english import ENGLISH
from infra.doors.simulate.phrasebook import Phrasebook, Phrases, Wording
from infra.doors.simulate.theme import Theme

LANGUAGES = {"cs": CZECH, "en": ENGLISH}


class About(NamedTuple):
    """What a ticket is about; all its texts take their details from `number`."""

    theme: Theme
    topic: Phrase
    number: int
    follows: str | None


class Request(NamedTuple):
    """The words of a new ticket."""

    subject: str
    body: str | None
    recent_changes: str | None
    workarounds_tried: str | None
    steps_taken: str | None


class Writer:
    """Writes in one language."""

    __slots__ = ("_book", "_chance", "_language")

    def __init__(self, language: str, chance: Chance) -> None:
        self._language = language
        self._book: Phrasebook = LANGUAGES[language]
        self._chance = chance

    @property
    def book(self) -> Phrasebook:
        """Return the phrases to choose from."""
        return self._book

    def request(self, about: About) -> Request:
        """Write a new ticket; as in life, much is often left out."""
        chance, book = self._chance, self._book
        wording = self.wording(about)
        body = None
        if not chance.happens(0.04):
            told = chance.pick(wording.bodies)
            if about.follows is not None:
                told = chance.pick(book.follow_up) + told
            body = self.letter(told, book.customer_closings, about)
        return Request(
            self.filled(chance.pick(wording.subjects), about),
            body,
            self._perhaps(0.55, book.recent_changes, about),
            self._perhaps(0.45, book.workarounds_tried, about),
            self._perhaps(0.6, book.steps_taken, about),
        )

    def wording(self, about: About) -> Wording:
        """Return the words that belong to the theme."""
        return self._book.themes[about.theme.name]

    def from_customer(self, phrases: Phrases, about: About) -> str:
        """Write a customer's message."""
        return self.letter(
            self._chance.pick(phrases), self._book.customer_closings, about, short=0.5
        )

    def from_agent(self, text: str, about: About) -> str:
        """Write an agent's message."""
        return self.letter(text, self._book.agent_closings, about)

    def after_call(self, text: str, about: About) -> str:
        """Write down what was said on the phone."""
        return self._chance.pick(self._book.by_phone) + self.filled(_capital(text), about)

    def note(self, phrases: Phrases, about: About, impact: Phrase | None = None) -> str:
        """Write a short note, without a greeting."""
        return self.filled(self._chance.pick(phrases), about, impact)

    def letter(self, text: str, closings: Phrases, about: About, *, short: float = 0.0) -> str:
        """Write a greeting, the text and a closing; `short` is how often both are left out."""
        filled = self.filled(text, about)
        if short and self._chance.happens(short):
            return _capital(filled)
        greeting = self._chance.pick(self._book.greetings)
        goes_on = filled[0].lower() if self._book.lower_after_greeting else filled[0].upper()
        return f"{greeting}\n\n{goes_on}{filled[1:]}\n\n{self._chance.pick(closings)}"

    def filled(self, text: str, about: About, impact: Phrase | None = None) -> str:
        """Put the ticket's details in the places that braces mark."""
        if "{" not in text:
            return text
        return text.format_map(_Details(self, about, impact))

    def said(self, phrase: Phrase) -> str:
        """Return the policy's own words in this language, else in English."""
        return phrase.get(self._language) or phrase["en"]

    def _perhaps(self, probability: float, phrases: Phrases, about: About) -> str | None:
        if not self._chance.happens(probability):
            return None
        return self.filled(self._chance.pick(phrases), about)


class _Details(dict[str, str]):
    """The details of a ticket, each worked out when a text asks for it."""

    def __init__(self, writer: Writer, about: About, impact: Phrase | None) -> None:
        self._writer = writer
        self._about = about
        self._impact = impact

    def __missing__(self, name: str) -> str:
        number = self._about.number
        match name:
            case "module":
                return self._writer.book.modules[number % 6]
            case "version":
                return f"5.{number // 6 % 10}.{number // 60 % 6}"
            case "count":
                return str(3 + number // 360 % 38)
            case "minutes":
                return str(5 + number // 13_680 % 50)
            case "order":
                return str(240_000 + number // 684_000 % 60_000)
            case "topic":
                return _capital(self._writer.said(self._about.topic))
            case "topic_inside":
                return self._writer.said(self._about.topic)
            case "impact" if self._impact is not None:
                return self._writer.said(self._impact)
            case "follows" if self._about.follows is not None:
                return self._about.follows
            case _:
                raise KeyError(name)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
