"""Run `python -m infra.doors.cli` as `lhuta`."""

from infra.doors.cli import main

main(prog_name="lhuta")
