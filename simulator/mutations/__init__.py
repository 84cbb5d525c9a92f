"""Rules that are broken on purpose. Each must be found by a schedule, else the rule is not tested.

``mutation`` has what one is; the files beside it list them. ``docs/simulation.md`` has the seed that finds each.
"""
