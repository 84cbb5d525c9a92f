"""Metrics and logs. ``metrics`` lists the metrics, ``counters`` counts, ``metrics_port`` serves them over HTTP."""
