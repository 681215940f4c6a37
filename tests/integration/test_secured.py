"""Servers that are met over TLS, and that ask for a password or a certificate."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from kafka.admin import ACLOperation, ResourceType

from infra.servers.postgresql import SERVED_AS, PostgreSQL
from infra.servers.server import ServerFailed
from streams import topic
from streams.broker import Broker
from streams.topic import CLOCKS
from tests.eventually import eventually
from tests.integration.on_kafka import PARTITIONS, found
from tests.servers.authority import Authority
from tests.servers.ended import ended_in_order
from tests.servers.missing import missing
from tests.servers.postgresql import reachable_folder
from tests.servers.secured import PASSWORD, SecuredKafka

PATIENCE = 60
DOCUMENT = Path(__file__).parents[2] / "docs" / "distributed.md"
OPERATIONS = {
    "Create": ACLOperation.CREATE,
    "Describe": ACLOperation.DESCRIBE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "Read": ACLOperation.READ,
    "Write": ACLOperation.WRITE,
}

Settings = Mapping[str, str]


class Secured(NamedTuple):
    """A broker, who signed its certificate, and somebody else who signs."""

    broker: SecuredKafka
    authority: Authority
    stranger: Authority


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Give a broker that lets nobody in unseen."""
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder / "authority")
    broker = SecuredKafka(folder / "kafka", authority)
    with ended_in_order(), ExitStack() as stack:
        try:
            stack.enter_context(broker)
        except ServerFailed as error:
            missing(f"no Kafka: {error}")
        yield Secured(broker, authority, Authority(folder / "stranger"))


@pytest.fixture
def by_password(secured: Secured, postgresql: str, tmp_path: Path) -> Settings:
    """Give the environment of an installation with a log and a broker that asks for a password."""
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n", "utf-8")
    broker = secured.broker.by_password("SCRAM-SHA-512")
    settings = {
        **os.environ,
        "LHUTA_DATA": str(tmp_path),
        "LHUTA_DATABASE": postgresql,
        "LHUTA_KAFKA": str(broker),
        "LHUTA_KAFKA_TOPIC_PREFIX": f"test-{uuid4().hex}-",
        "LHUTA_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "LHUTA_KAFKA_CA_FILE": str(secured.authority.certificate),
        "LHUTA_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "LHUTA_KAFKA_SASL_USERNAME": str(broker.username),
        "LHUTA_KAFKA_SASL_PASSWORD_FILE": str(password),
    }
    done(settings, "init", "--partitions", str(PARTITIONS))
    return settings


@pytest.fixture
def by_certificate(secured: Secured, by_password: Settings) -> Settings:
    """Give the environment where the broker asks for a certificate."""
    certificate, key = secured.authority.signed("client")
    mine = {name: one for name, one in by_password.items() if "_SASL_" not in name}
    return {
        **mine,
        "LHUTA_KAFKA": str(secured.broker.by_certificate(certificate, key)),
        "LHUTA_KAFKA_SECURITY_PROTOCOL": "SSL",
        "LHUTA_KAFKA_CERTIFICATE_FILE": str(certificate),
        "LHUTA_KAFKA_KEY_FILE": str(key),
    }


def lhuta(settings: Settings, *command: str) -> subprocess.Popen[str]:
    """Start a command."""
    return subprocess.Popen(
        [sys.executable, "-m", "infra.doors.cli", *command],
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def done(settings: Settings, *command: str) -> str:
    """Let a command do what it is for, and return what it said."""
    process = lhuta(settings, *command)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    return said


@contextmanager
def at_work(*parts: tuple[Settings, tuple[str, ...]]) -> Iterator[None]:
    """Let commands work meanwhile; each must end well when it is asked to."""
    processes = [lhuta(settings, *command) for settings, command in parts]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        said = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(parts), said
    assert PASSWORD not in "".join(said)


def refused(settings: Settings, *commands: tuple[str, ...]) -> list[str]:
    """Let commands fail, at once with exit status 5, and return what they said."""
    processes = [lhuta(settings, *command) for command in commands]
    said = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert [process.returncode for process in processes] == [5] * len(commands), said
    assert not any(word in "".join(said) for word in ("Traceback", PASSWORD, "a guess"))
    return said


def judged(settings: Settings) -> set[str]:
    """Return the tickets that the read models know."""
    with psycopg.connect(settings["LHUTA_DATABASE"]) as connection, suppress(psycopg.Error):
        rows = connection.execute("SELECT ticket FROM lhuta.tickets").fetchall()
        return {ticket for (ticket,) in rows}
    return set()


OPEN = ("open", "--customer", "c-1", "--plan", "premium", "--subject", "Board", "--ticket")
TRIAGE = ("--severity", "2", "--impact", "serious-performance", "--topic", "defect")

PARTS = {
    "topics create": ("topics", "create"),
    "topics check": ("topics", "check"),
    "relay": ("relay",),
    "republish": ("republish", "--from", "0"),
    "worker": ("worker", "--web-port", "0"),
    "publish": ("publish",),
}

COMMANDS = [command for part, command in PARTS.items() if part != "topics create"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_lets_in_by_every_mechanism(secured: Secured, mechanism: Any) -> None:
    """Each that the settings know."""
    with topic.opened(secured.broker.by_password(mechanism)) as topics:
        assert topics.check(PARTITIONS)


@pytest.mark.parametrize("way", ["by_password", "by_certificate"])
def test_every_part_works_on_a_cluster_that_is_locked(
    secured: Secured, way: str, request: pytest.FixtureRequest
) -> None:
    """What happens while they run goes over Kafka to the read models, and its clocks back to it."""
    settings: Settings = request.getfixturevalue(way)
    over_kafka_and_back(secured, dict.fromkeys(PARTS, settings))


def over_kafka_and_back(secured: Secured, of: Mapping[str, Settings]) -> None:
    """See that every part works, each by its own settings."""
    done(of["topics create"], *PARTS["topics create"])
    done(of["topics check"], *PARTS["topics check"])
    settings = of["relay"]
    done(settings, *OPEN, "T-1")
    with at_work(*((of[part], PARTS[part]) for part in ("relay", "worker", "publish"))):
        eventually(lambda: "T-1" in judged(settings))
        # The worker is at the end of the log: that it goes on, only Kafka tells it.
        done(settings, *OPEN, "T-2")
        done(settings, "triage", "T-2", *TRIAGE)
        plain = Broker((secured.broker.address,), topic_prefix=settings["LHUTA_KAFKA_TOPIC_PREFIX"])
        eventually(lambda: any(one.key[:3] == b"T-2" for one in found(plain, CLOCKS.name)))
    assert "Sent everything from position 0" in done(of["republish"], *PARTS["republish"])


class Lacked(NamedTuple):
    """A right that the documents name for a part, on a topic or a group."""

    right: str
    kind: str
    name: str


def documented() -> dict[str, list[Lacked]]:
    """Return the rights that each part needs, as docs/distributed.md lists them."""
    section = DOCUMENT.read_text("utf-8").partition("## Rights\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if "| `lhuta" in line]
    return {
        part.strip("`").removeprefix("lhuta "): [
            Lacked(right, *place) for right in re.findall(r"`(\w+)`", rights) for place in on(where)
        ]
        for part, rights, where in rows
    }


def on(where: str) -> list[tuple[str, str]]:
    """Return the topics and groups that the documents mean."""
    if where == "all four topics":
        return [("topic", one.name) for one in topic.TOPICS]
    return [
        (kind.strip().removesuffix("s"), name)
        for kind, names in re.findall(r"(topics|group)((?:,? `[\w-]+`)+)", where)
        for name in re.findall(r"`([\w-]+)`", names)
    ]


def test_each_part_needs_just_the_rights_that_the_documents_name(
    secured: Secured, by_password: Settings
) -> None:
    """Without them each ends at once and names them; with them, and no others, all work."""
    prefix = by_password["LHUTA_KAFKA_TOPIC_PREFIX"]
    rights = documented()
    assert rights.keys() == PARTS.keys()
    of: dict[str, Settings] = {}
    for part in PARTS:
        user = part.replace(" ", "-")
        secured.broker.admit(user)
        of[part] = {**by_password, "LHUTA_KAFKA_SASL_USERNAME": user}
    # Topics are made first, so that nothing else is missing.
    for part, command in PARTS.items():
        [said] = refused(of[part], command)
        lacked = [one for one in rights[part] if part != "topics create" or one.right == "Describe"]
        for right, kind, name in lacked:
            assert f"{right} on the {kind} {prefix}{name}" in said
        for right, kind, name in rights[part]:
            secured.broker.allow(
                part.replace(" ", "-"),
                OPERATIONS[right],
                ResourceType[kind.upper()],
                f"{prefix}{name}",
            )
        if part == "topics create":
            done(of[part], *command)
    over_kafka_and_back(secured, of)


def test_a_wrong_password_ends_every_part_and_is_not_shown(
    by_password: Settings, tmp_path: Path
) -> None:
    """Trying again would not help: the message names what to look at."""
    (tmp_path / "password").write_text("a guess", "utf-8")
    for said in refused(by_password, *COMMANDS):
        assert "refuses the name or the password" in said
        assert "; see LHUTA_KAFKA_SASL_USERNAME, and what is in the file that LHUTA_KAFKA" in said


def test_a_cluster_that_nobody_trusted_has_signed_is_not_trusted(
    by_password: Settings, secured: Secured
) -> None:
    """Whoever else answers at the address gets no password."""
    settings = {**by_password, "LHUTA_KAFKA_CA_FILE": str(secured.stranger.certificate)}
    for said in refused(settings, *COMMANDS):
        assert "has a certificate that nobody we trust has signed for that address" in said
        assert "; let LHUTA_KAFKA_CA_FILE name the authority" in said


def test_a_certificate_that_the_cluster_does_not_know_is_refused(
    by_certificate: Settings, secured: Secured
) -> None:
    """The message names where ours comes from."""
    certificate, key = map(str, secured.stranger.signed("client"))
    mine = {"LHUTA_KAFKA_CERTIFICATE_FILE": certificate, "LHUTA_KAFKA_KEY_FILE": key}
    for said in refused({**by_certificate, **mine}, *COMMANDS):
        assert "refuses our certificate, or the lack of one" in said
        assert "; let LHUTA_KAFKA_CERTIFICATE_FILE and LHUTA_KAFKA_KEY_FILE name" in said


def test_a_worker_that_never_reached_kafka_has_failed(by_password: Settings) -> None:
    """Its exit status is not 0: a supervisor starts it again."""
    settings = {**by_password, "LHUTA_KAFKA": "127.0.0.1:9"}
    [said] = refused(settings, ("worker", "--web-port", "0"))
    assert "see that it runs there" in said


@pytest.fixture
def with_certificate() -> Iterator[tuple[str, Authority]]:
    """Give the URL of a database that is met over TLS, and who signed its certificate."""
    with reachable_folder() as folder, ended_in_order():
        authority = Authority(folder / "authority")
        server = PostgreSQL(folder / "server")
        try:
            server.start()
        except ServerFailed as error:
            missing(f"no PostgreSQL: {error}")
        try:
            settings = {"ssl": "on"}
            for name, path in zip(("cert", "key"), authority.signed("database"), strict=True):
                kept = folder / f"server.{name}"
                shutil.copyfile(path, kept)
                kept.chmod(0o600)
                if os.geteuid() == 0:
                    os.chown(kept, pwd.getpwnam(SERVED_AS).pw_uid, -1)
                settings[f"ssl_{name}_file"] = str(kept)
            with psycopg.connect(server.url, autocommit=True) as connection:
                for name, value in settings.items():
                    connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            server.stop()
            server.start()
            yield server.url, authority
        finally:
            server.stop()


def test_a_database_is_met_as_its_certificate_says(
    with_certificate: tuple[str, Authority], tmp_path: Path
) -> None:
    """With `sslmode=verify-full` in the URL; another authority's database is not trusted."""
    url, authority = with_certificate
    verified = f"{url}&sslmode=verify-full&sslrootcert="
    settings = {**os.environ, "LHUTA_DATABASE": f"{verified}{authority.certificate}"}
    done(settings, "init")
    done(settings, *OPEN, "T-1")
    stranger = Authority(tmp_path / "stranger")
    [said] = refused(
        {**settings, "LHUTA_DATABASE": f"{verified}{stranger.certificate}"}, ("history", "T-1")
    )
    assert "is not whom we trust" in said
    assert "; let sslrootcert in the URL name the authority" in said
