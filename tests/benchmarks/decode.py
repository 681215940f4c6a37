"""The baseline of `lhuta clocks`: only decode the lines of a history."""

import sys
from pathlib import Path

import orjson

with Path(sys.argv[1]).open("rb") as lines:
    for line in lines:
        orjson.loads(line)
