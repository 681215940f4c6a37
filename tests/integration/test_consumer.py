"""The consumer of the guide, as it stands there, on a real broker."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import IO
from uuid import uuid4

import orjson
import pytest
from kafka import KafkaAdminClient, KafkaProducer

from tests.conftest import REPOSITORY

GUIDE = REPOSITORY / "docs" / "consume.md"


def code() -> str:
    """The only code of the guide."""
    _, block, *rest = GUIDE.read_text(encoding="utf-8").split("```python\n")
    assert not rest
    return block.split("```")[0]


@pytest.fixture
def topic(kafka: str) -> str:
    """Give a topic of alerts of this test's own."""
    name = f"{uuid4().hex}-ticket-alerts"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics(
        {name: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True
    )
    admin.close()
    return name


def send(kafka: str, topic: str, *ids: str, **more: object) -> None:
    """Send alerts by their ids, all of one kind."""
    producer = KafkaProducer(bootstrap_servers=kafka)
    for alert_id in ids:
        alert = {"ticket": f"T-{alert_id}", "decided_at": "2026-03-09T09:00:30Z", **more}
        headers = [
            ("ce_id", alert_id.encode()),
            ("ce_type", b"ticket.alert.breach.v1"),
            ("ce_news", b"of a later version"),
        ]
        producer.send(topic, key=b"T", value=orjson.dumps(alert), headers=headers).get(timeout=60)
    producer.close()


@contextmanager
def consuming(script: Path, kafka: str, topic: str) -> Iterator[IO[str]]:
    """Run the consumer, and give what it prints; kill it at the end."""
    with subprocess.Popen(
        [sys.executable, script, kafka, topic, script.with_name("handled.txt")],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()


def test_it_prints_every_alert_and_after_a_kill_at_most_one_again(
    kafka: str, topic: str, tmp_path: Path
) -> None:
    """Repeated alerts are dropped; only the one that it printed as it was killed may come again."""
    script = tmp_path / "alerts.py"
    script.write_text(code(), encoding="utf-8")
    send(kafka, topic, "1", "2", "1", "3")
    with consuming(script, kafka, topic) as printed:
        assert [next(printed).split()[1] for _ in range(3)] == ["T-1", "T-2", "T-3"]
    send(kafka, topic, "2", "4", language="cs")
    with consuming(script, kafka, topic) as printed:
        again = takewhile(lambda line: " T-4 " not in line, printed)
        assert [line.split()[1] for line in again] in ([], ["T-3"])


def test_it_is_short() -> None:
    """Nobody needs a framework to follow alerts."""
    assert len([line for line in code().splitlines() if line.strip()]) <= 30
