"""What fails behind a request through no fault of who asks, as the problem that it is told as."""

from domain.hours import OutsideCalendar
from infra.desk import Contended
from infra.doors.web.problem import Problem, unavailable
from infra.engine.log_lines import note
from infra.store.failure import Missing, StoreError
from infra.store.log import Stopped
from projections.judging import CannotJudge

FAILURES = (StoreError, Contended, Stopped, CannotJudge, OutsideCalendar)


def problem_of(error: Exception, path: str) -> Problem:
    """Return a problem as it is, and that of a failure."""
    return error if isinstance(error, Problem) else of_failure(error, path)


def of_failure(error: Exception, path: str) -> Problem:
    """Return the problem of a failure, and note in the log of the server what stays there."""
    match error:
        case Contended():
            return unavailable("Contended", str(error))
        case Missing():
            return unavailable(
                "ModelsMissing",
                "there are no read models yet; start the engine, `lhuta run` or `lhuta worker`",
            )
        case CannotJudge() | OutsideCalendar():
            return Problem(409, type(error).__name__, str(error))
        case _:
            # Where the data lies is nobody's business who only has a token.
            note("http.store-failed", path, cause=type(error).__name__)
            return unavailable(
                "StoreUnavailable",
                f"{type(error).__name__}: the data cannot be used now; "
                "try again in a moment, with the same Idempotency-Key",
            )
