"""Commands over HTTP: what comes of them, once, on which version, and every way to be refused."""

from uuid import uuid4

import orjson
import pytest

from domain import instant
from infra.store.log import EventLog
from tests.web.desk import (
    ANSWER,
    OPENING,
    RESOLUTION,
    TRIAGE,
    VERIFICATION,
    Desk,
    fields,
    found,
    refused,
)

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class TestTheSevenCommands:
    def test_a_ticket_lives_its_whole_life(self, desk: Desk) -> None:
        """Each command appends its event, by the actor of the token, with its words."""
        ticket = desk.opened(channel="web", environment={"browser": "Firefox 148"})
        for who, path, body in (
            ("specialist", "triage", TRIAGE),
            ("customer", "replies", {"message": "Any news?"}),
            ("agent", "responses", ANSWER),
            ("agent", "workarounds", {"awaiting": "support", "description": "Reload"}),
            ("agent", "resolution", RESOLUTION),
            ("customer", "verification", VERIFICATION),
        ):
            assert desk.done(who, f"/tickets/{ticket}/{path}", body)["outcome"] == "ok"
        assert [
            (type(one.event).__name__, one.actor, sorted(one.words)) for one in desk.story(ticket)
        ] == [
            ("Opened", "agent:a-1", ["body", "subject"]),
            ("SeverityAssigned", "agent:a-1", ["rationale"]),
            ("CustomerReplied", "customer:c-1", ["message"]),
            ("AgentResponded", "agent:a-1", ["message"]),
            ("WorkaroundFound", "agent:a-1", ["description"]),
            ("Resolved", "agent:a-1", ["resolution"]),
            ("Verified", "customer:c-1", ["evidence"]),
        ]

    def test_an_opened_ticket_is_told_with_its_place_and_its_version(self, desk: Desk) -> None:
        """The number is given in order; Location leads to it, ETag is its version."""
        response = desk.post("agent", "/tickets", OPENING)
        assert response.status_code == 201
        assert response.headers["location"] == "/tickets/T-1"
        assert response.headers["etag"] == '"1"'
        assert desk.get("agent", response.headers["location"]).headers["etag"] == '"1"'

    def test_what_says_nothing_new_succeeds_and_appends_nothing(self, desk: Desk) -> None:
        """The same triage again has the outcome `nothing` and no version."""
        ticket = desk.triaged()
        outcome = desk.done("specialist", f"/tickets/{ticket}/triage", TRIAGE)
        assert (outcome["outcome"], outcome["last_version"]) == ("nothing", None)
        assert len(desk.story(ticket)) == 2

    def test_what_happened_earlier_is_told_with_its_time(self, desk: Desk) -> None:
        """`occurred_at` may have any offset; the event happened then and was recorded now."""
        happened = desk.clock.now - instant.HOUR
        text = instant.to_datetime(happened).isoformat().replace("+00:00", "-00:00")
        ticket = desk.opened(occurred_at=text)
        [event] = desk.story(ticket)
        assert event.occurred_at == happened
        assert event.recorded_at >= desk.clock.now


class TestOnce:
    def test_the_same_key_gets_the_first_outcome(self, desk: Desk) -> None:
        """A command sent again appends nothing, and says where it stands since the first time."""
        key = {"Idempotency-Key": str(uuid4()).upper()}
        first = desk.done("agent", "/tickets", OPENING, headers=key)
        again = desk.done("agent", "/tickets", OPENING, headers=key)
        assert again == {**first, "outcome": "repeated"}
        assert desk.post("agent", "/tickets", OPENING, headers=key).headers["location"] == (
            "/tickets/T-1"
        )
        assert first["command_id"] == key["Idempotency-Key"].lower()

    def test_a_key_of_another_command_is_refused(self, desk: Desk) -> None:
        """Another content, or another caller, under a known key is told by the refusal's name."""
        key = {"Idempotency-Key": str(uuid4())}
        desk.done("agent", "/tickets", OPENING, headers=key)
        other = {**OPENING, "subject": "Something else"}
        problem = refused(desk.post("agent", "/tickets", other, headers=key), 422, "CommandReused")
        assert fields(problem) == {"Idempotency-Key": "CommandReused"}
        mine = {"subject": OPENING["subject"], "body": OPENING["body"]}
        refused(desk.post("customer", "/tickets", mine, headers=key), 422, "CommandReused")

    def test_a_known_key_is_answered_whatever_became_of_the_ticket(self, desk: Desk) -> None:
        """The first outcome comes back although the command would be refused by now."""
        ticket, key = desk.triaged(), {"Idempotency-Key": str(uuid4())}
        path = f"/tickets/{ticket}/resolution"
        first = desk.done("agent", path, RESOLUTION, headers={**key, "If-Match": '"2"'})
        desk.done("specialist", f"/tickets/{ticket}/verification", VERIFICATION)
        again = desk.done("agent", path, RESOLUTION, headers={**key, "If-Match": '"2"'})
        assert again == {**first, "outcome": "repeated"}

    def test_after_an_erasure_a_key_leads_nobody_to_anothers_ticket(self, desk: Desk) -> None:
        """The key alone decides then; a customer who knows it learns nothing of the ticket."""
        key = {"Idempotency-Key": str(uuid4())}
        ticket = desk.done("agent", "/tickets", OPENING, headers=key)["ticket"]
        with EventLog.open(desk.settings.log, clock=desk.clock) as log:
            log.erase([ticket], by="agent:a-1", reason="asked for")
        response = desk.post("other customer", "/tickets", {"subject": "Hello"}, headers=key)
        refused(response, 404, "TicketUnknown")
        mine = desk.done("other customer", "/tickets", {"subject": "Mine"})["ticket"]
        reply = desk.post(
            "other customer", f"/tickets/{mine}/replies", {"message": "Hello"}, headers=key
        )
        refused(reply, 422, "CommandReused")

    def test_a_key_that_is_no_uuid_is_a_wrong_field(self, desk: Desk) -> None:
        """It is named beside whatever else is wrong."""
        headers = {"Idempotency-Key": "one", "If-Match": "two"}
        ticket = desk.opened()
        response = desk.post("agent", f"/tickets/{ticket}/responses", {}, headers=headers)
        assert fields(refused(response, 422, "FieldsInvalid")) == {
            "Idempotency-Key": "CommandIdMalformed",
            "If-Match": "VersionMalformed",
            "awaiting": "FieldMissing",
            "message": "FieldMissing",
        }

    def test_a_wrong_header_hides_no_wrong_field(self, desk: Desk) -> None:
        """Also fields whose shape is right, and which mean nothing by the policy."""
        headers = {"Idempotency-Key": "one"}
        opening = {**OPENING, "plan": "gold", "channel": "pigeon"}
        response = desk.post("agent", "/tickets", opening, headers=headers)
        wrong = {"Idempotency-Key": "CommandIdMalformed", "channel": "ChannelUnknown"}
        assert fields(refused(response, 422, "FieldsInvalid")) == {**wrong, "plan": "PlanUnknown"}
        del opening["plan"]
        response = desk.post("agent", "/tickets", opening, headers=headers)
        assert fields(refused(response, 422, "FieldsInvalid")) == {**wrong, "plan": "FieldMissing"}


class TestOnWhichVersion:
    @pytest.mark.parametrize("matching", ['"2"', '"1", "2"', "*", 'W/"7", "2"'])
    def test_a_command_is_carried_out_on_the_version_that_it_names(
        self, desk: Desk, matching: str
    ) -> None:
        """If-Match takes an ETag, a list of them, or a star for any."""
        ticket = desk.triaged()
        path = f"/tickets/{ticket}/responses"
        assert desk.done("agent", path, ANSWER, headers={"If-Match": matching})["last_version"] == 3

    @pytest.mark.parametrize("matching", ['"1"', '"3"', 'W/"2"', '"x"', '""'])
    def test_a_ticket_that_went_on_is_left_alone(self, desk: Desk, matching: str) -> None:
        """Another version, a weak tag and a foreign one match nothing: 412, and no event."""
        ticket = desk.triaged()
        headers = {"If-Match": matching}
        response = desk.post("agent", f"/tickets/{ticket}/responses", ANSWER, headers=headers)
        problem = refused(response, 412, "VersionMismatch")
        assert "version 2" in problem["detail"]
        assert len(desk.story(ticket)) == 2


class TestWhyAndWhereFrom:
    def test_the_request_id_is_the_correlation(self, desk: Desk) -> None:
        """X-Request-Id comes back, and the events belong to it."""
        response = desk.post("agent", "/tickets", OPENING, headers={"X-Request-Id": "mail-17"})
        assert response.headers["x-request-id"] == "mail-17"
        assert desk.story("T-1")[0].correlation_id == "mail-17"

    def test_a_request_without_an_id_gets_one_and_belongs_to_its_command(self, desk: Desk) -> None:
        """The made-up id is for logs; the correlation is that of the command."""
        response = desk.post("agent", "/tickets", OPENING)
        assert len(response.headers["x-request-id"]) == 36
        assert desk.story("T-1")[0].correlation_id == found(response)["command_id"]

    def test_the_trace_is_passed_on(self, desk: Desk) -> None:
        """Traceparent is what caused the event, and comes back."""
        response = desk.post("agent", "/tickets", OPENING, headers={"traceparent": TRACE})
        assert response.headers["traceparent"] == TRACE
        assert desk.story("T-1")[0].causation_id == TRACE

    @pytest.mark.parametrize(
        "trace",
        [
            TRACE.upper(),
            "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
            "ff" + TRACE[2:],
            f"{TRACE}-x",
            "x",
        ],
    )
    def test_a_trace_that_is_none_is_passed_over(self, desk: Desk, trace: str) -> None:
        """As W3C Trace Context asks, a malformed one is as none."""
        response = desk.post("agent", "/tickets", OPENING, headers={"traceparent": trace})
        assert "traceparent" not in response.headers
        assert desk.story("T-1")[0].causation_id is None

    @pytest.mark.parametrize("request_id", ["two words", "x" * 129, ""])
    def test_a_request_id_that_is_none_is_refused(self, desk: Desk, request_id: str) -> None:
        """What could not be a correlation is told, not changed."""
        response = desk.get("agent", "/tickets", headers={"X-Request-Id": request_id})
        refused(response, 400, "HeaderInvalid")


class TestRefused:
    def test_a_rule_of_the_lifecycle_is_told_with_its_cure(self, desk: Desk) -> None:
        """409 with the refusal's name, its message, and what to do."""
        ticket = desk.opened()
        response = desk.post("agent", f"/tickets/{ticket}/resolution", RESOLUTION)
        problem = refused(response, 409, "SeverityMissing")
        assert problem["detail"].startswith("ticket T-1 has no severity")
        assert problem["cure"].startswith("triage it first")

    def test_an_unknown_ticket_is_not_found(self, desk: Desk) -> None:
        """404 for staff too."""
        refused(desk.post("agent", "/tickets/T-9/responses", ANSWER), 404, "TicketUnknown")

    def test_every_wrong_field_is_named(self, desk: Desk) -> None:
        """What has the wrong shape and what means nothing by the policy, all at once."""
        body = {
            "customer_id": "somebody@example.com",
            "plan": "gold",
            "channel": "pigeon",
            "subject": "x" * 201,
            "body": 7,
            "occurred_at": "yesterday",
            "surprise": True,
        }
        assert fields(refused(desk.post("agent", "/tickets", body), 422, "FieldsInvalid")) == {
            "customer_id": "IdentifierMalformed",
            "plan": "PlanUnknown",
            "channel": "ChannelUnknown",
            "subject": "FieldInvalid",
            "body": "FieldInvalid",
            "occurred_at": "FieldInvalid",
            "surprise": "FieldUnknown",
        }

    def test_every_unknown_word_of_the_policy_is_named(self, desk: Desk) -> None:
        """The problem has the name of the first, `errors` has all of them."""
        ticket = desk.opened()
        body = {"severity": 9, "impact": "noise", "topic": "weather"}
        response = desk.post("specialist", f"/tickets/{ticket}/triage", body)
        assert fields(refused(response, 422, "SeverityUnknown")) == {
            "severity": "SeverityUnknown",
            "impact": "ImpactUnknown",
            "topic": "TopicUnknown",
        }

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({"severity": 1, "impact": "usage-question", "topic": "usage"}, "SeverityNotBacked"),
            ({**TRIAGE, "supported": False, "rationale": " "}, "RationaleMissing"),
        ],
    )
    def test_what_does_not_go_together_names_its_field(
        self, desk: Desk, body: dict[str, object], wrong: str
    ) -> None:
        """Fields that are each right may contradict each other."""
        response = desk.post("specialist", f"/tickets/{desk.opened()}/triage", body)
        assert list(fields(refused(response, 422, wrong)).values()) == [wrong]

    def test_staff_say_for_whom_a_ticket_is(self, desk: Desk) -> None:
        """Without customer and plan an opening of staff is incomplete."""
        response = desk.post("agent", "/tickets", {"subject": "Hello", "channel": "pigeon"})
        assert fields(refused(response, 422, "FieldsInvalid")) == {
            "customer_id": "FieldMissing",
            "plan": "FieldMissing",
            "channel": "ChannelUnknown",
        }

    @pytest.mark.parametrize("words", [" ", "\x00"], ids=["blank", "NUL"])
    def test_words_that_cannot_be_kept_are_named(self, desk: Desk, words: str) -> None:
        """Blank and unreadable words are refused with their field."""
        response = desk.post("agent", f"/tickets/{desk.opened()}/replies", {"message": words})
        assert response.status_code == 422
        assert list(fields(found(response))) == ["message"]

    def test_a_subject_is_one_line(self, desk: Desk) -> None:
        """The field is named, and the cure."""
        response = desk.post("agent", "/tickets", {**OPENING, "subject": "Empty\nsince today"})
        problem = refused(response, 422, "WordsNotOneLine")
        assert fields(problem) == {"subject": "WordsNotOneLine"}
        assert problem["cure"] == "write it on one line, and the rest in the body"

    @pytest.mark.parametrize(
        "content", [b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5_000, b'{"subject": "\xc3"}']
    )
    def test_a_body_that_is_no_json_is_told(self, desk: Desk, content: bytes) -> None:
        """Broken, in another encoding, deeper or longer than anybody can read."""
        headers = {"Content-Type": "application/json"}
        response = desk.ask("agent", "POST", "/tickets", content=content, headers=headers)
        refused(response, 400, "BodyUnreadable")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "it is missing; give it a value"),
            (b"null", "it is no object; send one"),
            (b"[]", "it is no object; send one"),
            (b'"text"', "it is no object; send one"),
        ],
    )
    def test_a_body_that_is_no_object_is_told(
        self, desk: Desk, content: bytes, message: str
    ) -> None:
        """It is a wrong field, told with the wrong headers and the wrong name of a ticket."""
        headers = {"Content-Type": "application/json", "If-Match": "3"}
        path = f"/tickets/{'x' * 65}/replies"
        response = desk.ask("agent", "POST", path, content=content, headers=headers)
        problem = refused(response, 422, "FieldsInvalid")
        assert list(fields(problem)) == ["If-Match", "ticket", "body"]
        assert problem["errors"][-1]["message"] == message

    @pytest.mark.parametrize(
        "kind", ["Application/JSON; charset=utf-8", "application/vnd.example.v1+json"]
    )
    def test_json_may_be_said_to_be_of_a_kind(self, desk: Desk, kind: str) -> None:
        """Parameters and structured suffixes change nothing about how it is read."""
        content = orjson.dumps(dict(OPENING))
        response = desk.ask(
            "agent", "POST", "/tickets", content=content, headers={"Content-Type": kind}
        )
        assert response.status_code == 201

    def test_halves_of_surrogate_pairs_do_no_harm(self, desk: Desk) -> None:
        """They are named wherever they stand, also in names of fields."""
        content = rb'{"subject": "\ud800", "plan": "\udfff", "\ud800": 1}'
        headers = {"Content-Type": "application/json"}
        response = desk.ask("agent", "POST", "/tickets", content=content, headers=headers)
        assert {"subject", "plan"} <= set(fields(refused(response, 422, "FieldsInvalid")))

    @pytest.mark.parametrize("kind", ["text/plain", "application/xml", ""])
    def test_only_json_is_taken(self, desk: Desk, kind: str) -> None:
        """415 says which type is."""
        headers = {"Content-Type": kind} if kind else {}
        response = desk.ask("agent", "POST", "/tickets", content=b"{}", headers=headers)
        assert "application/json" in refused(response, 415, "MediaTypeUnsupported")["detail"]


class TestACustomer:
    def test_opens_own_tickets_under_the_plan_of_the_token(self, desk: Desk) -> None:
        """Nothing is left to choose: customer and plan come from the token."""
        ticket = desk.done("customer", "/tickets", {"subject": "Hello"})["ticket"]
        [opened] = desk.story(ticket)
        assert opened.actor == "customer:c-1"
        assert opened.event == desk.story(desk.opened(channel="api"))[0].event

    @pytest.mark.parametrize(
        "field",
        [
            {"customer_id": "c-2"},
            {"plan": "standard"},
            {"ticket": "T-77"},
            {"occurred_at": "2026-03-09T08:30:00Z"},
        ],
        ids=lambda field: next(iter(field)),
    )
    def test_says_nothing_that_is_for_staff(self, desk: Desk, field: dict[str, str]) -> None:
        """Whose ticket, which plan, which number and which time are not for customers to say."""
        response = desk.post("customer", "/tickets", {"subject": "Hello", **field})
        assert next(iter(field)) in refused(response, 403, "StaffOnly")["detail"]

    def test_cannot_break_a_promise_by_saying_so(self, desk: Desk) -> None:
        """A reply of a customer happens when it comes in."""
        ticket = desk.triaged()
        body = {"message": "I wrote last week", "occurred_at": "2026-03-09T08:30:00Z"}
        refused(desk.post("customer", f"/tickets/{ticket}/replies", body), 403, "StaffOnly")

    def test_follows_up_own_tickets_only(self, desk: Desk) -> None:
        """Another's ticket is as one that is not there."""
        others, mine = desk.opened(customer_id="c-2"), desk.opened()
        for follows in (others, "T-99"):
            response = desk.post("customer", "/tickets", {"subject": "Again", "follows": follows})
            assert fields(refused(response, 422, "FollowedUnknown")) == {
                "follows": "FollowedUnknown"
            }
        assert desk.done("customer", "/tickets", {"subject": "Again", "follows": mine})

    @pytest.mark.parametrize(
        ("path", "body"), [("replies", {"message": "Hello"}), ("verification", VERIFICATION)]
    )
    def test_cannot_tell_anothers_ticket_from_none(
        self, desk: Desk, path: str, body: dict[str, str]
    ) -> None:
        """404 with the same words for both, so nobody learns which tickets there are."""
        ticket = desk.triaged()
        others = desk.post("other customer", f"/tickets/{ticket}/{path}", body)
        none = desk.post("other customer", f"/tickets/T-99/{path}", body)
        assert others.text.replace(ticket, "T-99") == none.text
        refused(none, 404, "TicketUnknown")
