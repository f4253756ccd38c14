"""Start-up: `gapmap --help` against the imports that it must not pay for, each in a fresh process, interleaved."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 5
COMMANDS = {
    "bare python": ["-c", "pass"],
    "gapmap --help": ["-m", "analysis.cli", "--help"],
    "import geopandas": ["-c", "import geopandas"],
    "import streamlit": ["-c", "import streamlit"],
}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(RUNS + 1):
        for name, arguments in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    print("start-up, median seconds of", RUNS)
    for name, runs in seconds.items():
        print(f"  {name:<18} {statistics.median(runs):.3f}")
    print(
        f"  goal: gapmap --help below 0.3: {'met' if statistics.median(seconds['gapmap --help']) < 0.3 else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
