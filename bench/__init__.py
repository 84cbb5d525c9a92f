"""The benchmark: what the project promises in numbers, each measured beside a yardstick in the same run."""
