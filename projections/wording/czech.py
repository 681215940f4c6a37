"""The sentences of an explanation in Czech."""

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import ClassVar, Literal, assert_never

from domain.clock import Clock
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Event,
    Opened,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
)
from domain.explanation import Given, NoTarget, Part, Skipped
from domain.hours import Kind
from domain.policy import ClockName, Policy, Target
from projections.wording.words import (
    NO_BREAK,
    WarningState,
    Words,
    compact,
    local,
    parts_of,
)

Case = Literal["nominative", "accusative"]
DayCase = Literal["nominative", "genitive", "when"]
"""The forms of a weekday that the sentences need; `when` is the accusative with `v` or `ve`."""

_SHORT_WEEKDAYS = ("po", "út", "st", "čt", "pá", "so", "ne")
_WEEKDAYS: dict[DayCase, tuple[str, ...]] = {
    "nominative": ("pondělí", "úterý", "středa", "čtvrtek", "pátek", "sobota", "neděle"),
    "genitive": ("pondělí", "úterý", "středy", "čtvrtka", "pátku", "soboty", "neděle"),
    "when": (
        "v pondělí",
        "v úterý",
        "ve středu",
        "ve čtvrtek",
        "v pátek",
        "v sobotu",
        "v neděli",
    ),
}
_NOUNS = {
    # one, one in the accusative, two to four, every other number
    "hour": ("hodina", "hodinu", "hodiny", "hodin"),
    "minute": ("minuta", "minutu", "minuty", "minut"),
    "second": ("sekunda", "sekundu", "sekundy", "sekund"),
    "business day": ("pracovní den", "pracovní den", "pracovní dny", "pracovních dní"),
    "segment": ("úsek", "úsek", "úseky", "úseků"),
}
_CLOCKS: dict[ClockName, tuple[str, str]] = {
    "initial": ("první odpověď", "první odpověď"),
    "ongoing": ("průběžná odpověď", "průběžnou odpověď"),
}
_METERS: dict[Kind, str] = {"business": "pracovní doby", "off-hours": "mimo pracovní dobu"}


def count(number: int, noun: str, case: Case = "nominative") -> str:
    """Say how many: 1 hodina, 2 hodiny, 5 hodin, also 21 hodin and 22 hodin."""
    one, one_accusative, few, many = _NOUNS[noun]
    if number == 1:
        return f"1{NO_BREAK}{one_accusative if case == 'accusative' else one}"
    return f"{number}{NO_BREAK}{few if number in (2, 3, 4) else many}"


class Czech(Words):
    """Czech."""

    code = "cs"
    judged = "Podle čeho se posuzuje"
    happened = "Co se stalo"
    targets = "Který cíl platí"
    due_found = "Jak se došlo k termínu"
    time_used = "Kolik času uplynulo"
    warned = "Upozornění"
    policy_label = "podmínky"
    calendar_label = "kalendář"
    severity_label = "závažnost"
    asked_label = "posouzeno"
    parts: ClassVar[Mapping[Part, str]] = {"started": "začátek", "target": "cíl", "ended": "konec"}
    kinds: ClassVar[Mapping[Kind, str]] = {"business": "pracovní", "off-hours": "mimo"}
    table_head = ("č.", "druh", "od – do", "trvání")

    def duration(self, duration: int, case: Case = "nominative") -> str:
        """Say how long, in hours, minutes and seconds, in a grammatical case."""
        hours, minutes, seconds, fraction = parts_of(duration)
        said = [count(hours, "hour", case)] if hours else []
        if minutes:
            said.append(count(minutes, "minute", case))
        if fraction:
            # A decimal number is followed by the genitive singular.
            said.append(f"{seconds},{fraction}{NO_BREAK}sekundy")
        elif seconds or not said:
            said.append(count(seconds, "second", case))
        return " ".join(said)

    def both_meters(self, business: int, off_hours: int) -> str:
        """Say how much time of each kind, in the nominative."""
        meters: tuple[tuple[Kind, int], ...] = (("business", business), ("off-hours", off_hours))
        said = [
            f"{self.duration(duration)} {_METERS[kind]}" for kind, duration in meters if duration
        ]
        return " a ".join(said) or "žádný čas"

    def budget(self, target: Target, business_day: int) -> str:
        """Say what a target allows, in the nominative."""
        said = []
        if target.business is not None:
            text = f"{self.duration(target.business)} pracovní doby"
            if target.business and target.business % business_day == 0:
                text += f" ({count(target.business // business_day, 'business day')})"
            said.append(text)
        if target.off_hours is not None:
            said.append(f"{self.duration(target.off_hours)} mimo pracovní dobu")
        return " a ".join(said) + (", podle toho, co se vyčerpá dříve" if len(said) > 1 else "")

    def day(self, day: date, case: DayCase = "nominative") -> str:
        """Write a date such as `pátek 6. 3. 2026`."""
        weekday = _WEEKDAYS[case][day.weekday()]
        return f"{weekday} {self.short_day(day, weekday=False, year=True)}"

    def short_day(self, day: date, *, weekday: bool, year: bool) -> str:
        """Write a date such as `pá 6. 3. 2026`."""
        text = f"{day.day}.{NO_BREAK}{day.month}."
        text = f"{_SHORT_WEEKDAYS[day.weekday()]} {text}" if weekday else text
        return f"{text}{NO_BREAK}{day.year}" if year else text

    def moment(self, at: int, zone: tzinfo, case: DayCase = "nominative") -> str:
        """Write an instant such as `pátek 6. 3. 2026 16:30 CET (15:30 UTC)`."""
        return f"{self.day(local(at, zone), case)} {self.both_clocks(at, zone)}"

    def segments(self, number: int) -> str:
        """Say how many segments."""
        return count(number, "segment")

    def title(self, ticket: str, name: ClockName, instance: int) -> str:
        """Name the clock."""
        number = "" if name == "initial" else f" {instance}"
        return f"Požadavek {ticket}: {_CLOCKS[name][0]}{number}"

    def met(self, due_at: int, satisfied_at: int, left: tuple[int, int], zone: tzinfo) -> str:
        """Say that the promise was kept, and by how much."""
        due = self.moment(due_at, zone, "when")
        if satisfied_at == due_at:
            return f"Dodrženo: odpověď přišla přesně v termínu, {due}."
        return (
            f"Dodrženo: termín byl {due}, odpověď přišla "
            f"{self.moment(satisfied_at, zone, 'when')}. Rezerva: {self.both_meters(*left)}."
        )

    def breached(
        self, due_at: int, satisfied_at: int | None, at: int, late: tuple[int, int], zone: tzinfo
    ) -> str:
        """Say that the promise was broken, and by how much."""
        due = f"Porušeno: termín byl {self.moment(due_at, zone, 'when')}"
        if satisfied_at is None:
            return (
                f"{due} a do {self.moment(at, zone, 'genitive')} odpověď nepřišla. "
                f"Dosavadní zpoždění: {self.both_meters(*late)}."
            )
        return (
            f"{due}, odpověď přišla {self.moment(satisfied_at, zone, 'when')}. "
            f"Zpoždění: {self.both_meters(*late)}."
        )

    def running(self, due_at: int, at: int, left: tuple[int, int], zone: tzinfo) -> str:
        """Say that there is still time, and how much."""
        due = self.moment(due_at, zone, "when")
        if at == due_at:
            return f"Běží: termín je právě v tomto okamžiku, {due}."
        return (
            f"Běží: termín je {due}. Od {self.moment(at, zone, 'genitive')} do něj zbývá: "
            f"{self.both_meters(*left)}."
        )

    def no_target(self, why: NoTarget, clock: Clock, severity: int | None) -> str:
        """Say why there is no target, and what that means for the clock."""
        match why:
            case "untriaged":
                return (
                    "Bez cíle: požadavek ještě nemá závažnost. Až bude závažnost určena, bude se "
                    "cíl počítat od začátku lhůty, takže už může být porušena."
                )
            case "unsupported":
                reason = "na požadavek se podpora nevztahuje a řeší se podle možností"
            case "empty-cell":
                reason = (
                    f"plán {self.phrase(clock.policy.plans[clock.plan].title)} pro "
                    f"{_CLOCKS[clock.name][1]} při závažnosti {severity} žádný neuvádí"
                )
            case never:
                assert_never(never)
        return f"Bez cíle: {reason}. Lhůta se jen měří a bez cíle ji nelze porušit."

    def policy(self, policy: Policy, plan: str, zone: tzinfo) -> str:
        """Name the policy's version, its digest, since when it is in force, and the plan."""
        since = (
            "platí odjakživa"
            if policy.effective_from is None
            else f"platí od {self.moment(policy.effective_from, zone, 'genitive')}"
        )
        title = self.phrase(policy.plans[plan].title)
        name = f"{policy.label} ({self.phrase(policy.title)}), otisk {policy.digest[:16]}"
        return f"{name}, {since}; plán {title}."

    def calendar(self, clock: Clock) -> str:
        """Name the calendar, the hours, the zone and the versions of both."""
        policy, plan = clock.policy, clock.policy.plans[clock.plan]
        return (
            f"{policy.calendar_name}, pracovní doba '{plan.hours_name}' "
            f"v pásmu {policy.zone_name}; otisk pracovní doby "
            f"{plan.hours.digest[:16]}, časová pásma {policy.zone_data}."
        )

    def severities(self, given: Sequence[tuple[int, bool, int]], zone: tzinfo) -> str:
        """List the severities that the ticket had."""
        if not given:
            return "dosud nebyla určena."
        said = [
            f"{level}{'' if supported else ' (bez podpory)'} od {self.moment(at, zone, 'genitive')}"
            for level, supported, at in given
        ]
        return f"{'; '.join(said)}."

    def asked(self, at: int, as_of: int, zone: tzinfo) -> str:
        """Say at which instant it is judged, and on what was recorded by when."""
        known = "té doby" if as_of == at else self.moment(as_of, zone, "genitive")
        return f"{self.moment(at, zone, 'when')}, podle toho, co bylo zaznamenáno do {known}."

    def event(self, event: Event) -> str:
        """Say what happened."""
        match event:
            case Opened():
                return "požadavek byl založen"
            case SeverityAssigned(severity):
                return f"byla určena závažnost {severity}"
            case CustomerReplied():
                return "zákazník napsal"
            case AgentResponded(awaiting):
                promise = " a slíbila, že se ozve" if awaiting == "support" else ""
                return f"podpora odpověděla{promise}"
            case WorkaroundFound(awaiting):
                promise = " se slibem, že se podpora ozve" if awaiting == "support" else ""
                return f"bylo zasláno náhradní řešení{promise}"
            case Resolved():
                return "požadavek byl vyřešen"
            case Verified():
                return "řešení bylo ověřeno"
            case never:
                assert_never(never)

    def told(self, occurred_at: int, zone: tzinfo, what: str, name: str, id: str, by: str) -> str:
        """Say what happened when, and by whom it was recorded."""
        return f"{self.moment(occurred_at, zone)}: {what} ({name} {id}, původce {by})."

    def recorded(self, occurred_at: int, recorded_at: int, zone: tzinfo) -> str:
        """Say when the event was recorded, and mark it where that was later."""
        if recorded_at == occurred_at:
            return "Zaznamenáno v témž okamžiku."
        return (
            f"ZAPSÁNO ZPĚTNĚ: zaznamenáno {self.moment(recorded_at, zone, 'when')}, "
            f"o {self.duration(recorded_at - occurred_at, 'accusative')} později."
        )

    def target(self, given: Given, clock: Clock) -> str:
        """Say which target the clock was given and by which rule its due time was found."""
        zone = clock.hours.zone
        promise = given.promise
        assigned = (
            f"Závažnost {given.assigned.severity}, určená "
            f"{self.moment(given.triage.occurred_at, zone, 'when')},"
        )
        if promise.target is None or promise.due_at is None:
            unsupported = "" if given.assigned.supported else " u požadavku bez podpory"
            run = "běží dál" if given.former else "běží"
            return f"{assigned}{unsupported} žádný cíl nedává: lhůta {run} bez něj."
        budget = self.budget(promise.target, clock.policy.business_day)
        return f"{assigned} dává cíl: {budget}. {self._rule(given, promise.due_at, clock)}"

    def _rule(self, given: Given, due_at: int, clock: Clock) -> str:
        zone = clock.hours.zone
        due = f"termín je {self.moment(due_at, zone, 'when')}"
        match given.promise.rule:
            case "start" if given.promise.given_by == clock.started_by:
                return f"Platila už na začátku lhůty, a cíl se proto počítá od něj: {due}."
            case "start":
                return (
                    "První závažnost popisuje problém, jaký byl od začátku, "
                    f"a proto se cíl počítá od začátku lhůty: {due}."
                )
            case "no-target":
                return ""
            case "again":
                return f"Tento cíl už lhůta měla a platí opět tehdejší termín: {due}."
            case "from-start":
                return f"{self._compared(given, zone)} Počítá se proto od začátku lhůty: {due}."
            case "earlier-promise":
                return (
                    f"{self._compared(given, zone)} Termín platný před změnou je pozdější "
                    f"a zůstává: {due}."
                )
            case "full":
                return f"{self._compared(given, zone)} Počítá se proto celý od změny: {due}."
            case "capped":
                assert given.full is not None
                return (
                    f"{self._compared(given, zone)} Celý od změny by vypršel "
                    f"{self.moment(given.full, zone, 'when')}, ale pro cíl, který není přísnější, "
                    f"už byl dán dřívější termín a ten zůstává: {due}."
                )
            case never:
                assert_never(never)

    def _compared(self, given: Given, zone: tzinfo) -> str:
        """Compare the target with the one before it, both counted from the clock's start."""
        if given.former_from_start is None or given.from_start is None:
            return "Předtím lhůta žádný cíl neměla."
        tighter = given.from_start < given.former_from_start
        text = (
            "Počítáno od začátku lhůty by tento cíl vypršel "
            f"{self.moment(given.from_start, zone, 'when')} a předchozí "
            f"{self.moment(given.former_from_start, zone, 'when')}: "
            f"{'je' if tighter else 'není'} tedy přísnější."
        )
        if not tighter and given.promise.rule in ("full", "capped"):
            text += " Tyto termíny však v době změny už minuly."
        return text

    def changed_nothing(self, severity: int, at: int, *, answered: bool, zone: tzinfo) -> str:
        """Say that a severity came too late for this clock."""
        why = "odpověď už přišla" if answered else "lhůta už byla porušena"
        return (
            f"Závažnost {severity}, určená {self.moment(at, zone, 'when')}, nic nezměnila: {why}."
        )

    def counted_until_used_up(self, anchor: int, budget: str, zone: tzinfo) -> str:
        """Announce the count that finds the due time."""
        return f"Počítáno od {self.moment(anchor, zone, 'genitive')}, nejvýše {budget}:"

    def used_up(self, kinds: Sequence[Kind], due_at: int, zone: tzinfo) -> str:
        """Say which meter ran out first, and when."""
        names = {"business": "pracovní doba", "off-hours": "čas mimo pracovní dobu"}
        verb = "Vyčerpán je"
        which = " a ".join(names[kind] for kind in kinds)
        if kinds[0] == "business":
            verb = "Vyčerpána je" if len(kinds) == 1 else "Vyčerpány jsou"
        return f"{verb} {which}, a to {self.moment(due_at, zone, 'when')}: to je termín."

    def counted(self, start: int, end: int, *, answered: bool, zone: tzinfo) -> str:
        """Announce the count from the start to the answer, or to the instant asked about."""
        where = "odpovědi" if answered else "okamžiku dotazu"
        return (
            f"Počítáno od začátku {self.moment(start, zone, 'when')} do {where} "
            f"{self.moment(end, zone, 'when')}:"
        )

    def together(self, business: int, off_hours: int) -> str:
        """Say what the segments sum to."""
        total = self.duration(business + off_hours)
        return f"Dohromady {self.both_meters(business, off_hours)}, celkem {total}."

    def skipped(self, skipped: Skipped) -> str:
        """Say which holiday took how much business time."""
        day = skipped.holiday
        return (
            f"Svátek: {self.day(day.date)}, {self.phrase(day.name)}; do pracovní doby se "
            f"nepočítá {self.duration(skipped.cost)}."
        )

    def clock_change(self, number: int, change: int) -> str:
        """Say that clocks were moved inside a segment."""
        moved, effect = ("dopředu", "kratší dobu") if change > 0 else ("zpět", "déle")
        by = self.duration(abs(change), "accusative")
        return (
            f"V úseku {number} se hodiny posouvají {moved} o {by}: "
            f"trvá o {by} {effect}, než ukazují."
        )

    def left_out(self, number: int) -> str:
        """Say how to see the segments that were summed in one line."""
        return f"Jeden řádek shrnuje {self.segments(number)}; všechny ukáže --all."

    def total_of(self, kind: Kind, budget: int | None) -> str:
        """Head the column of a running total."""
        return self.kinds[kind] if budget is None else f"{self.kinds[kind]} z {compact(budget)}"

    def warning(
        self, percent: str, at: int, state: WarningState, *, untriaged: bool, zone: tzinfo
    ) -> str:
        """Say when a warning is due, and what became of it."""
        of = "nejnaléhavějšího cíle plánu (bez závažnosti)" if untriaged else "cíle"
        match state:
            case "passed":
                became = "závažnost do té doby určena nebyla" if untriaged else "bez odpovědi"
            case "answered":
                became = "odpověď už přišla"
            case "ahead":
                became = "teprve nastane"
            case never:
                assert_never(never)
        return f"{percent}{NO_BREAK}% {of}: {self.moment(at, zone)}, {became}."
