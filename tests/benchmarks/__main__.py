"""Run every benchmark: `python -m tests.benchmarks [hours|files ...]`."""

import sys

from tests.benchmarks import files, hours
from tests.benchmarks.measure import table

BENCHMARKS = {"hours": hours.rows, "files": files.rows}

asked = sys.argv[1:] or list(BENCHMARKS)
unknown = [name for name in asked if name not in BENCHMARKS]
if unknown:
    sys.exit(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
for name in asked:
    print(f"\n{name}\n{table(list(BENCHMARKS[name]()))}")
