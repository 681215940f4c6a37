"""Add a golden history: `python -m tests.golden.add NAME HISTORY.jsonl`.

Look at the answers before they are committed: from then on they are what is right. An existing
name is refused, because golden histories are only ever added to.
"""

import shutil
import sys
from pathlib import Path

from tests.golden.answers import recorded

name, history = sys.argv[1:]
folder = Path(__file__).parent / name
try:
    folder.mkdir()
except FileExistsError:
    sys.exit(f"{name} exists; golden histories are only ever added to")
shutil.copyfile(history, folder / "history.jsonl")
recorded(folder, Path.write_bytes)
