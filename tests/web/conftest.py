"""What every test of the API may ask for."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from infra.store.log import log as log_module
from infra.store.log import publication
from infra.store.policies.document import parse
from tests.web.desk import Desk

_parsed_once = cache(parse)


@pytest.fixture(autouse=True)
def one_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile equal policies once: every desk here has the same."""
    for module in (publication, log_module):
        monkeypatch.setattr(module, "parse", _parsed_once)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk with an empty log, in the middle of a working Monday."""
    with Desk(tmp_path) as opened:
        yield opened
