"""Finds anew, for every deliberate fault of the simulator, the first seed that finds it: ``python tools/teeth.py``.

For whoever changes the simulator or the servers' machines: what it prints belongs into ``docs/simulation.md`` and
``tests/simulator/test_teeth.py``. Takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # as with the servers' scripts

from simulator.mutations.server_mutations import MUTATIONS
from simulator.run import CLUSTER, run_many

SEEDS = 1000


def main(names: Sequence[str]) -> None:
    """Of these faults, or of all, the first seed and the check that says so first."""
    for name in names or MUTATIONS:
        verdicts = run_many(CLUSTER, 1, SEEDS, broken=name)
        found = next((verdict for verdict in verdicts if not verdict.clean), None)
        where = "None" if found is None else f'({found.seed}, "{found.findings[0].partition(": ")[0]}")'
        sys.stdout.write(f'    "{name}": {where},\n')
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
