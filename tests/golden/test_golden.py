"""Today's code says of yesterday's histories what was said of them when they were recorded."""

from pathlib import Path

import pytest

from tests.golden.answers import QUESTIONS, answer

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/history.jsonl"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_golden_history_is_answered_as_ever(folder: Path, question: str) -> None:
    """Clocks, alerts and report of a recorded history are the recorded ones, byte for byte."""
    assert answer(folder / "history.jsonl", question) == (folder / question).read_bytes()


def test_there_are_golden_histories() -> None:
    """A folder that moved away must not make the test above empty."""
    assert len(FOLDERS) >= 3
