"""Who may do what: the one table, by operation and role. What is not in it nobody may do.

`all` reaches every ticket, `own` the tickets of the customer who holds the token.
"""

from collections.abc import Mapping
from typing import Literal, cast

from infra.store.access import Role

Reach = Literal["all", "own"]

TABLE = """
                   customer  agent  specialist  auditor  operator
open_ticket        own       all    all         -        -
triage_ticket      -         -      all         -        -
reply_to_ticket    own       all    all         -        -
respond_to_ticket  -         all    all         -        -
offer_workaround   -         all    all         -        -
resolve_ticket     -         all    all         -        -
verify_ticket      own       -      all         -        -
list_tickets       own       all    all         all      -
get_ticket         own       all    all         all      -
get_history        -         all    all         all      -
get_explanation    own       all    all         all      -
list_clocks        own       all    all         all      -
get_report         own       all    all         all      all
list_alerts        -         all    all         all      all
follow_alerts      -         all    all         all      all
follow_events      own       all    all         all      -
get_board          -         all    all         all      all
list_policies      all       all    all         all      all
get_policy         all       all    all         all      all
get_status         -         all    all         all      all
get_metrics        -         -      -           all      all
read_words         own       all    all         -        -
see_staff          -         all    all         all      all
"""

BESIDE_ROUTES = frozenset({"read_words", "see_staff"})
"""Rights that are no operation: to read what people wrote, and who of the staff did what, and why.
"""

PUBLIC = frozenset({"get_live", "get_ready", "get_openapi", "get_docs", "get_docs_style"})
"""Operations that need no token."""


def _rights() -> Mapping[str, Mapping[Role, Reach]]:
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    roles = cast(list[Role], head)
    return {
        operation: {
            role: cast(Reach, reach)
            for role, reach in zip(roles, reaches, strict=True)
            if reach != "-"
        }
        for operation, *reaches in lines
    }


RIGHTS = _rights()
