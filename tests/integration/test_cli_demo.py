"""`lhuta demo`, and what the README shows of it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.doors.cli import main

README = Path(__file__).parents[2] / "README.md"


def demo(folder: Path, *options: str) -> Result:
    """Run the demo with its history in a folder."""
    return CliRunner().invoke(main, ["demo", "--output", str(folder / "demo.jsonl"), *options])


def test_the_readme_shows_what_the_demo_prints(tmp_path: Path) -> None:
    """Every line of the sample, in order."""
    text = README.read_text(encoding="utf-8")
    section = text.split("lhuta demo` needs no engine")[1].split("\n## ")[0]
    sample = [line[4:] for line in section.splitlines() if line.startswith("    ")]
    printed = iter(demo(tmp_path).stdout.splitlines())
    assert len(sample) > 10
    for line in sample:
        assert line in printed, line


def test_the_demo_shows_report_broken_promises_and_one_explanation(tmp_path: Path) -> None:
    """And how to go on, with the file that it kept."""
    result = demo(tmp_path)
    assert result.exit_code == 0
    for part in (
        "Promises by plan and severity",
        "Broken promises, the worst first",
        "How the due time was found",
        f"explain {tmp_path / 'demo.jsonl'} T-",
    ):
        assert part in result.stdout
    assert CliRunner().invoke(main, ["clocks", str(tmp_path / "demo.jsonl")]).exit_code == 0


@pytest.mark.parametrize("policy", ["managry", "ficticia"])
def test_the_demo_runs_under_every_policy(policy: str, tmp_path: Path) -> None:
    """Nothing of one vendor is built in."""
    result = demo(tmp_path, "--policy", policy)
    assert result.exit_code == 0
    assert f"policy {policy}@1" in result.stdout
    # The commands that it suggests work as they stand.
    for line in result.stdout.splitlines():
        if line.startswith("  lhuta ") and "your-history" not in line:
            words = line.split("  ")[1].split()[1:]
            assert CliRunner().invoke(main, words).exit_code == 0, line


def test_a_file_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    """A folder stands where the history should be kept."""
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["demo", "--output", str(tmp_path / "file" / "x.jsonl")])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot be written" in result.stderr
