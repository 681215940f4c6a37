"""How the environment says where Kafka is: all of it or none, and never a secret in a message."""

from pathlib import Path

import pytest

from infra.broker import BadSetting, broker
from streams.broker import Broker
from tests.servers.authority import Authority

SECURE = {
    "LHUTA_KAFKA": "one:9093, two:9093",
    "LHUTA_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "LHUTA_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "LHUTA_KAFKA_SASL_USERNAME": "lhuta",
    "LHUTA_KAFKA_SASL_PASSWORD": "tajemství",
}


def test_a_plain_broker_needs_its_address_alone() -> None:
    """Nothing else is asked for on a machine of one's own."""
    assert broker({"LHUTA_KAFKA": "localhost:9092"}) == Broker(("localhost:9092",))


def test_a_protected_cluster_is_told_to_the_library(tmp_path: Path) -> None:
    """Servers, certificates, name and password arrive under the library's own names."""
    authority = Authority(tmp_path / "authority").certificate
    made = broker({**SECURE, "LHUTA_KAFKA_CA_FILE": str(authority)})
    options = made.options()
    del options["reconnect_backoff_max_ms"]
    assert options == {
        "bootstrap_servers": ["one:9093", "two:9093"],
        "security_protocol": "SASL_SSL",
        "ssl_cafile": str(authority),
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "lhuta",
        "sasl_plain_password": "tajemství",
    }


def test_a_password_may_stand_in_a_file(tmp_path: Path) -> None:
    """Without the line's end, which is no part of it."""
    (tmp_path / "password").write_text("tajemství\n", "utf-8")
    environment = {**SECURE, "LHUTA_KAFKA_SASL_PASSWORD": ""}
    environment["LHUTA_KAFKA_SASL_PASSWORD_FILE"] = str(tmp_path / "password")
    assert broker(environment).password == "tajemství"


def test_a_password_is_never_shown() -> None:
    """Neither as text nor as it is shown to programmers."""
    made = broker(SECURE)
    assert "tajemství" not in repr(made)
    assert str(made) == "one:9093,two:9093"


def test_topics_may_begin_with_a_prefix() -> None:
    """Several installations share a cluster by it."""
    made = broker({"LHUTA_KAFKA": "localhost:9092", "LHUTA_KAFKA_TOPIC_PREFIX": "test."})
    assert made.topic("ticket-events") == "test.ticket-events"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"LHUTA_KAFKA": ""}, "says where Kafka is"),
        ({"LHUTA_KAFKA": " , "}, "says where Kafka is"),
        ({"LHUTA_KAFKA": "localhost"}, "names 'localhost', which is not host:port"),
        ({"LHUTA_KAFKA": "localhost:none"}, "not host:port"),
        ({"LHUTA_KAFKA": ":9092"}, "not host:port"),
        ({"LHUTA_KAFKA": "localhost:99999"}, "not host:port"),
        ({"LHUTA_KAFKA_SECURITY_PROTOCOL": "TLS"}, "is 'TLS'; it is one of PLAINTEXT"),
        ({"LHUTA_KAFKA_SECURITY_PROTOCOL": "SSL"}, "uses no name and password"),
        ({"LHUTA_KAFKA_SASL_MECHANISM": "GSSAPI"}, "is 'GSSAPI'; it is one of PLAIN"),
        ({"LHUTA_KAFKA_SASL_MECHANISM": ""}, "needs LHUTA_KAFKA_SASL_MECHANISM"),
        ({"LHUTA_KAFKA_SASL_USERNAME": ""}, "needs LHUTA_KAFKA_SASL_MECHANISM"),
        ({"LHUTA_KAFKA_SASL_PASSWORD": ""}, "LHUTA_KAFKA_SASL_PASSWORD_FILE as well"),
        ({"LHUTA_KAFKA_SASL_PASSWORD_FILE": "secret"}, "keep one of them"),
        (
            {"LHUTA_KAFKA_SASL_PASSWORD": "", "LHUTA_KAFKA_SASL_PASSWORD_FILE": "no/such/file"},
            "no/such/file, which cannot be read",
        ),
        ({"LHUTA_KAFKA_CA_FILE": "no/such/file"}, "there is no such file"),
        ({"LHUTA_KAFKA_TOPIC_PREFIX": "our topics"}, "cannot begin a topic's name"),
        ({"LHUTA_KAFKA_TOPIC_PREFIX": "x" * 201}, "cannot begin a topic's name"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_variable(
    changes: dict[str, str], reason: str
) -> None:
    """What is set and would not be done is refused; the message never has the password."""
    with pytest.raises(BadSetting, match="LHUTA_KAFKA") as refused:
        broker({**SECURE, **changes})
    assert reason in str(refused.value)
    assert "tajemství" not in str(refused.value)


def test_certificates_without_encryption_are_refused(tmp_path: Path) -> None:
    """Who names an authority expects that it is asked."""
    with pytest.raises(BadSetting, match="uses no certificates"):
        broker({"LHUTA_KAFKA": "localhost:9092", "LHUTA_KAFKA_CA_FILE": str(tmp_path)})


def test_files_that_are_no_certificates_are_named(tmp_path: Path) -> None:
    """Before anything is connected, which would tell of a connection that was lost."""
    empty = tmp_path / "ca.pem"
    empty.touch()
    with pytest.raises(BadSetting, match=r"LHUTA_KAFKA_CA_FILE.* cannot be used"):
        broker({**SECURE, "LHUTA_KAFKA_CA_FILE": str(empty)})


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    """The cluster would refuse both, and not say why."""
    authority = Authority(tmp_path / "authority")
    certificate, _ = authority.signed("one")
    _, key = authority.signed("other")
    with pytest.raises(BadSetting, match="LHUTA_KAFKA_KEY_FILE name cannot be used"):
        broker(
            {
                "LHUTA_KAFKA": "localhost:9093",
                "LHUTA_KAFKA_SECURITY_PROTOCOL": "SSL",
                "LHUTA_KAFKA_CERTIFICATE_FILE": str(certificate),
                "LHUTA_KAFKA_KEY_FILE": str(key),
            }
        )
