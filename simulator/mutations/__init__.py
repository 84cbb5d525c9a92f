"""Mutations: rules that are broken on purpose. A schedule must find each, otherwise that rule is not tested.

``mutation`` defines a mutation; the other files list them. ``docs/simulation.md`` has a seed that finds each.
"""
