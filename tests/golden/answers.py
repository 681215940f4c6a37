"""What the product says of a recorded history: one file for each question."""

from collections.abc import Callable, Mapping
from pathlib import Path

from click.testing import CliRunner

from infra.doors.cli import main

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "clocks.jsonl": ("clocks", "--format", "json"),
    "alerts.jsonl": ("alerts", "--format", "json"),
    "report.json": ("report", "--format", "json"),
}


def answer(history: Path, question: str) -> bytes:
    """Return what a command writes to standard output for a history; fail where it refuses."""
    command, *options = QUESTIONS[question]
    result = CliRunner().invoke(main, [command, str(history), *options], prog_name="lhuta")
    if result.exit_code != 0:
        raise ValueError(f"lhuta {command} {history.name} ended with {result.exit_code}")
    return result.stdout_bytes


def recorded(folder: Path, write: Callable[[Path, bytes], object]) -> None:
    """Answer every question of a folder's history and hand each answer on."""
    for question in QUESTIONS:
        write(folder / question, answer(folder / "history.jsonl", question))
