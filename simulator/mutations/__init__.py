"""Mutations: rules that are broken on purpose. A schedule must find each, otherwise that rule is not tested.

``mutation`` defines a mutation. The other files have one for each rule, by the part of the servers that it is in. Their
import puts them into ``MUTATIONS``. ``docs/simulation.md`` has a seed that finds each, and the check that fails there.
"""

from __future__ import annotations

from simulator.mutations import commit_mutations, journal_mutations, match_mutations, replication_mutations
from simulator.mutations.mutation import MUTATIONS

__all__ = ["MUTATIONS", "commit_mutations", "journal_mutations", "match_mutations", "replication_mutations"]
