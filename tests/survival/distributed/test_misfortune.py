"""Topics that lie, are lost or cannot be reached; a database that takes nothing more."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from random import Random

import psycopg
import pytest
from kafka import KafkaAdminClient
from psycopg.sql import SQL, Identifier

from infra.servers.postgresql import SERVED_AS
from infra.store.log import EventLog
from streams.producer import Producer
from streams.record import Record, Row, Watermark, of_event, of_watermark, source_header
from streams.topic import EVENTS, TOPICS, WATERMARKS
from tests.integration.on_kafka import found
from tests.servers.postgresql import reachable_folder
from tests.survival.distributed.desk import GO, PARTITIONS, STOP, Desk, Servers
from tests.survival.distributed.proof import proved, settle, told

CUT_SECONDS = 60 if "LHUTA_KILL_ROUNDS" in os.environ else 6
DATABASE_BYTES = 48 * 2**20
PAGE_BYTES = 4_096
SAID_AGAIN = 3_000
"""More watermarks than come to a partition while a test waits."""


class TestTopics:
    def test_events_that_never_came_are_read_from_the_log(self, desk: Desk) -> None:
        """The next watermark tells of them, of the last one of a ticket too."""
        with never_sent(desk):
            desk.done("apply", written(desk, "D").name)
        settle(desk)
        proved(desk)
        keys = {one.key.decode() for one in found(desk.broker, EVENTS.name, PARTITIONS)}
        assert not any(key.startswith("D-") for key in keys)

    def test_records_that_are_mixed_up_and_damaged_change_nothing(self, desk: Desk) -> None:
        """Sent twice, out of order, cut short or to another partition, while commands come."""
        chance = Random("mixed up")
        desk.load("M", 2, chance)
        with never_sent(desk) as sent:
            desk.done("apply", written(desk, "N").name)
        mix_up(desk, sent, chance)
        settle(desk)
        proved(desk)

    def test_topics_that_were_lost_are_filled_again(self, desk: Desk) -> None:
        """The events from the log, alerts and clocks from the read models; nobody stands still."""
        desk.load("L", 3, Random("lost"))
        desk.go_on(1)
        admin = KafkaAdminClient(**desk.broker.options())
        admin.delete_topics([desk.broker.topic(one.name) for one in TOPICS])
        admin.close()
        desk.go_on(2)
        # Else what is announced now would stand before what was.
        with desk.without("publisher"):
            # Deleting goes on for a while after the answer.
            desk.wait_until(lambda: desk.ended("topics", "create").status == 0, "making topics")
            desk.done("republish", "--from", "0")
        settle(desk)
        proved(desk)

    def test_topics_that_were_made_anew_unnoticed_are_followed(self, desk: Desk) -> None:
        """What comes has offsets far below those that were read, as after years of use."""
        desk.load("U", 2, Random("unnoticed"))
        say_again(desk, SAID_AGAIN)
        settle(desk)
        with desk.without("publisher", "relay"), standing_still(desk, "worker-1", "worker-2"):
            admin = KafkaAdminClient(**desk.broker.options())
            admin.delete_topics([desk.broker.topic(one.name) for one in TOPICS])
            admin.close()
            desk.wait_until(lambda: desk.ended("topics", "create").status == 0, "making topics")
        desk.done("republish", "--from", "0")
        settle(desk)
        proved(desk)

    def test_a_network_that_is_cut_costs_time_only(self, desk: Desk) -> None:
        """Commands are taken all the while."""
        desk.servers.door.shut()
        try:
            desk.done("apply", written(desk, "C").name)
            desk.go_on(CUT_SECONDS)
        finally:
            desk.servers.door.open()
        settle(desk)
        proved(desk)


class TestDatabase:
    def test_one_that_may_not_be_written_refuses_and_goes_on_when_it_may(self, desk: Desk) -> None:
        """As hosts do it when a disk is nearly full."""
        path = written(desk, "R")
        with read_only(desk):
            assert "may not be written" in desk.refused("apply", path.name)
            desk.go_on(3)
        settle(desk)
        proved(desk)
        told(desk)

    def test_one_that_is_full_refuses_and_goes_on_when_there_is_room(
        self, servers: Servers, tmp_path: Path
    ) -> None:
        """What was acknowledged is there, and the parts end rather than leave something out."""
        with small_tablespace(servers, "small") as folder:
            desk = Desk(tmp_path, servers, "full", tablespace="small")
            with desk.parts("relay-1", "worker-1", "publisher-1", "notifier-1"):
                settle(desk)
                with desk.without("worker"):
                    desk.done("apply", written(desk, "E").name)
                    ballast = filled(folder)
                    path = written(desk, "F", 200)
                    message = desk.refused("apply", path.name)
                    assert "give the server room and do it again" in message
                desk.wait_until(lambda: failed(desk, "worker-1", "FullDatabase"), "failing")
                ballast.unlink()
                settle(desk)
                proved(desk)
            desk.end()
            with psycopg.connect(servers.database.url, autocommit=True) as server:
                server.execute('DROP DATABASE "full" WITH (FORCE)')


def written(desk: Desk, name: str, tickets: int = 20) -> Path:
    """Write a file of commands, each ticket's beginning and end among them."""
    return desk.write_commands(name, tickets, Random(name))


@contextmanager
def never_sent(desk: Desk) -> Iterator[list[Row]]:
    """Let the relays believe that they have sent what is recorded meanwhile; collect it."""
    rows: list[Row] = []
    with desk.without("relay"):
        with EventLog.open(desk.url) as log:
            before = log.head().position
            yield rows
            rows += log.rows(before, 1_000_000)
        with psycopg.connect(desk.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE lhuta_relay.place SET position = %s, hash = %s",
                (rows[-1].position, rows[-1].hash),
            )


def mix_up(desk: Desk, rows: Sequence[Row], chance: Random) -> None:
    """Send events in disorder, twice and damaged, and watermarks that say nothing."""
    events, marks = desk.broker.topic(EVENTS.name), desk.broker.topic(WATERMARKS.name)
    with EventLog.open(desk.url) as log, Producer[int](desk.broker, "clumsy") as producer:
        source = source_header(log.source)
        for row in chance.sample([*rows, *rows], 2 * len(rows)):
            record = of_event(row, source)
            partition = log.partition_of(row.originator_id)
            match chance.randrange(8):
                case 0:
                    record = record._replace(value=b"{")
                case 1:
                    record = record._replace(headers=record.headers[:3])
                case 2:
                    record = record._replace(key=b"somebody-else")
                case 3:
                    record = Record(record.key, None, [])
                case 4:
                    partition = (partition + 1) % PARTITIONS
            producer.send(events, partition, record, 0)
        for partition in range(PARTITIONS):
            producer.send(marks, partition, Record(b"%d" % partition, b"[", []), 0)
        producer.finish()


def say_again(desk: Desk, times: int) -> None:
    """Send every partition a watermark that says nothing new, again and again."""
    marks = desk.broker.topic(WATERMARKS.name)
    with Producer[int](desk.broker, "parrot") as producer:
        for partition in range(PARTITIONS):
            for _ in range(times):
                producer.send(marks, partition, of_watermark(Watermark(partition, 0, 0)), 0)
        producer.finish()


@contextmanager
def standing_still(desk: Desk, *parts: str) -> Iterator[None]:
    """Let parts stand still, for less time than others wait for them."""
    for part in parts:
        desk.send_signal(part, STOP)
    try:
        yield
    finally:
        for part in parts:
            desk.send_signal(part, GO)


@contextmanager
def read_only(desk: Desk) -> Iterator[None]:
    """Set a database to read-only, and end the sessions that may still write."""
    name = Identifier(desk.broker.topic_prefix.rstrip("-"))
    with psycopg.connect(desk.servers.database.url, autocommit=True) as server:
        alter = SQL("ALTER DATABASE {} {} default_transaction_read_only")
        server.execute(alter.format(name, SQL("SET")) + SQL(" = on"))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> pg_backend_pid()",
            (desk.broker.topic_prefix.rstrip("-"),),
        )
        try:
            yield
        finally:
            server.execute(alter.format(name, SQL("RESET")))


@contextmanager
def small_tablespace(servers: Servers, name: str) -> Iterator[Path]:
    """Make room for a database in a file system of its own; skip where none can be mounted."""
    with reachable_folder() as folder:
        options = f"size={DATABASE_BYTES}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("no small file system can be made: mounting is not for this user")
        try:
            place = folder / "place"
            place.mkdir(mode=0o700)
            if os.geteuid() == 0:
                shutil.chown(place, SERVED_AS, SERVED_AS)
            with psycopg.connect(servers.database.url, autocommit=True) as server:
                create = SQL("CREATE TABLESPACE {} LOCATION {}")
                server.execute(create.format(Identifier(name), str(place)))
                yield folder
                server.execute(SQL("DROP TABLESPACE {}").format(Identifier(name)))
        finally:
            subprocess.run(["umount", str(folder)], check=True)


def filled(folder: Path) -> Path:
    """Leave no room in a file system; return the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        # Until nothing more fits: the server takes room meanwhile, too.
        while True:
            try:
                file.write(bytes(PAGE_BYTES))
            except OSError as error:
                if error.errno != ENOSPC:
                    raise
                return ballast


def failed(desk: Desk, part: str, cause: str) -> bool:
    """Tell whether a part failed of a cause, by its own words."""
    said = (desk.folder / "logs" / f"{part}.log").read_text()
    return f'"action":"{part.partition("-")[0]}.failed"' in said and f'"cause":"{cause}"' in said
