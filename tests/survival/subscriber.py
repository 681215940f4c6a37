"""A subscriber who honours ids: handles each alert once, however often it comes.

python subscriber.py FOLDER, with alerts as JSON lines on standard input. What came is kept in
`came.jsonl`, what was handled in `handled.jsonl`. While there is a file `broken`, nothing is taken.
"""

import fcntl
import os
import sys
from pathlib import Path

import orjson

folder = Path(sys.argv[1])
if (folder / "broken").exists():
    sys.exit("broken")
with (folder / "came.jsonl").open("ab") as came, (folder / "handled.jsonl").open("a+b") as handled:
    # An engine that was killed may have left one of us at work on the same alerts.
    fcntl.flock(handled, fcntl.LOCK_EX)
    handled.seek(0)
    known = {orjson.loads(line)["id"] for line in handled}
    for line in sys.stdin.buffer:
        came.write(line)
        if (alert_id := orjson.loads(line)["id"]) not in known:
            known.add(alert_id)
            handled.write(line)
    for file in (came, handled):
        file.flush()
        os.fsync(file.fileno())
