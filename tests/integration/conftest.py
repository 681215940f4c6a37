"""What integration tests may ask for."""

import pytest

from streams.broker import Broker
from tests.integration.on_kafka import with_topics


@pytest.fixture
def broker(kafka: str) -> Broker:
    """Give a broker with empty topics of this test's own."""
    return with_topics(kafka)
