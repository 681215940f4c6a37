"""The published policy: targets, hours, holidays, and the versions with their dates."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from domain.policy import CLOCK_NAMES, Plan, Target
from infra.doors.answers.policy import clock_time, days_of
from infra.doors.web.pages import session
from infra.doors.web.pages.page import View, number, protected, view
from infra.doors.web.problem import Problem
from infra.store.policies import PolicyFile
from projections.wording import LANGUAGES
from projections.wording.words import local

router = protected()


@router.get(f"{session.HOME}/policy", name="list_policies")
def list_policies(request: Request) -> Response:
    """Show the version in force at the time shown, or the one that is asked for."""
    made = view(request)
    wanted = number(request, "version") or made.policy.version
    year = number(request, "year") or local(made.at, made.zone).year
    files = made.service.log.policy_files()
    file = next((one for one in files if one.policy.version == wanted), None)
    if file is None:
        known = ", ".join(str(one.policy.version) for one in files)
        raise Problem(
            404, "PolicyVersionUnknown", f"there is no version {wanted}; choose one of: {known}"
        )
    return made.show(
        "policy.html",
        file=file,
        policy=file.policy,
        versions=[_version(made, one, file) for one in files],
        plans=[
            (made.phrase(plan.title), plan.hours_name, list(_targets(made, file, plan)))
            for plan in file.policy.plans.values()
        ],
        schedules=[_schedule(made, name, file) for name in file.schedules],
        holidays=[
            (LANGUAGES[made.language].day(day), made.phrase(name))
            for day, name in days_of(file, year)
        ],
        shown_year=year,
        years=range(file.calendar.first_year, file.calendar.last_year + 1),
        levels=[
            (
                one.level,
                made.phrase(one.title),
                [made.phrase(file.policy.impacts[impact]) for impact in one.impacts],
            )
            for one in file.policy.severities.values()
        ],
        topics=[(made.phrase(one.title), one.supported) for one in file.policy.topics.values()],
        warnings=", ".join(
            f"{made.percent(float(step.value) * 1000)} %" for step in file.policy.warning_steps
        ),
        overdue=", ".join(step.text for step in file.policy.overdue_steps),
    )


def _version(made: View, one: PolicyFile, shown: PolicyFile) -> Mapping[str, Any]:
    since = one.policy.effective_from
    return {
        "label": one.policy.label,
        "href": made.link(f"{session.HOME}/policy", version=one.policy.version),
        "since": made.said["ever"] if since is None else made.exact(since),
        "digest": one.policy.digest[:16],
        "in_force": one.policy.version == made.policy.version,
        "shown": one is shown,
    }


def _targets(made: View, file: PolicyFile, plan: Plan) -> Iterator[tuple[str, str, str]]:
    for clock in CLOCK_NAMES:
        for level, severity in file.policy.severities.items():
            target = plan.targets.get((clock, level))
            name = made.said[clock].format(instance="").strip()
            yield (
                name,
                f"{level} {made.phrase(severity.title)}",
                made.said["no-target"] if target is None else _target(made, target),
            )


def _target(made: View, target: Target) -> str:
    business, off = target
    duration = LANGUAGES[made.language].duration
    if business is not None and off is not None:
        return made.said["target_both"].format(business=duration(business), off=duration(off))
    if business is not None:
        return made.said["target_business"].format(business=duration(business))
    assert off is not None
    return made.said["target_off"].format(off=duration(off))


def _schedule(made: View, name: str, file: PolicyFile) -> Mapping[str, Any]:
    schedule = file.schedules[name]
    weekdays = made.said["weekdays"].split()
    return {
        "name": name,
        "holidays": made.said["holidays_closed" if schedule.holidays else "holidays_none"],
        "openings": [
            (weekdays[one.weekday], clock_time(one.opens), clock_time(one.closes))
            for one in schedule.openings
        ],
    }
