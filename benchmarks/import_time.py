"""How much longer ``import orderbridge`` takes than ``import httpx``, each in processes of its own.

    python benchmarks/import_time.py [ROUNDS]

A figure, not a test: machines differ, and other programs run.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

_MEASURE = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


def seconds(module: str) -> float:
    """One import in a fresh interpreter."""
    ran = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(module)], check=True, capture_output=True, text=True
    )
    return float(ran.stdout)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for module in ("httpx", "orderbridge"):
        seconds(module)  # writes the byte code
    # In turns, so that a busy moment meets both.
    pairs = [(seconds("httpx"), seconds("orderbridge")) for _ in range(rounds)]
    httpx, ours = (median(times) for times in zip(*pairs, strict=True))
    print(
        f"import httpx {httpx * 1000:.0f} ms, import orderbridge {ours * 1000:.0f} ms: {ours / httpx:.2f} x"
    )


if __name__ == "__main__":
    main()
