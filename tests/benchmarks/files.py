"""Whole commands over the real UCI history, when it is there."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Row, paired, process

LHUTA = (sys.executable, "-m", "infra.doors.cli")
HERE = Path(__file__).parent


def rows() -> Iterator[Row]:
    """Measure convert and clocks; nothing where the data is absent."""
    shared = Path(os.environ.get("LHUTA_SHARED", HERE.parents[2] / "shared"))
    export = shared / "data" / "uci_incident_event_log.csv.gz"
    if not export.exists():
        print(f"left out: {export.name} is not here (set LHUTA_SHARED)", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        history = str(Path(folder) / "uci.jsonl")
        rejects = str(Path(folder) / "rejects.csv")
        converted = min(
            process(
                [*LHUTA, "convert", "uci", str(export), "--output", history, "--rejects", rejects]
            )
            for _ in range(2)
        )
        yield Row("convert uci", converted.seconds, None, "s", "< 10 s")
        yield Row("convert uci, peak memory", converted.peak / 2**20, None, "MiB", "bounded")
        with Path(history).open("rb") as lines:
            events = sum(1 for _ in lines)
        decode = [sys.executable, str(HERE / "decode.py"), history]
        judged, decoded = paired([*LHUTA, "clocks", history, "--format", "json"], decode)
        yield Row(
            f"clocks on {events:,} UCI events, orjson decoding the lines as baseline",
            judged.seconds,
            decoded.seconds,
            "s",
            "ratio >= 0.1, goal 0.3",
        )
        yield Row("clocks, memory per event", judged.peak / events, None, "bytes", "<= 2,048")
        told = process([*LHUTA, "alerts", history, "--format", "json"])
        yield Row("alerts on the same", told.seconds, decoded.seconds, "s", "-")
