"""How many examples hypothesis tries: in ``make test`` all of them, in ``make check`` a tenth."""

from __future__ import annotations

import hypothesis

_EXAMPLES = 100
"""What a test tries that names no number."""


def load_examples(*, between_edits: bool) -> None:
    """Set how many examples the tests try that are imported after this."""
    # How long an example takes depends on how busy the machine is.
    hypothesis.settings.register_profile(
        "this run",
        max_examples=_EXAMPLES // 10 if between_edits else _EXAMPLES,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("this run")


def examples(number: int) -> int:
    """Return how many of these examples this run tries."""
    return number * hypothesis.settings().max_examples // _EXAMPLES
