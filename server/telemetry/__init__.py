"""Metrics and logs. ``metrics`` lists what there is, ``counters`` counts, ``metrics_thread`` serves it over HTTP."""
