"""Prints the first seed that finds each mutation of the simulator: ``python tools/find_mutation_seeds.py``.

For changes of the simulator or of the servers' state machines: the output belongs into ``docs/simulation.md`` and
``tests/simulator/test_mutations.py``. It takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # as with the servers' scripts

from simulator.mutations import MUTATIONS
from simulator.run import CLUSTER, run_many

SEEDS = 1000


def main(names: Sequence[str]) -> None:
    """Print for these mutations, or for all, the first seed and the check that fails first at it."""
    for name in names or MUTATIONS:
        verdicts = run_many(CLUSTER, 1, SEEDS, broken=name)
        found = next((verdict for verdict in verdicts if not verdict.clean), None)
        where = "None" if found is None else f'({found.seed}, "{found.findings[0].partition(": ")[0]}")'
        sys.stdout.write(f'    "{name}": {where},\n')
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
