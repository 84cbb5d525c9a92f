"""Metrics and logs. ``metrics`` lists the metrics, ``counters`` counts, ``metrics_thread`` serves them over HTTP."""
