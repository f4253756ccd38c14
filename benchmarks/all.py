"""Every benchmark in one run: `python benchmarks/all.py`. Each checks that the answers agree before it prints a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    for path in sorted(HERE.glob("*.py")):
        if path.name != "all.py" and not path.name.startswith("_"):
            print(f"\n== {path.stem}", flush=True)
            subprocess.run([sys.executable, str(path)], check=True)


if __name__ == "__main__":
    main()
