"""The options and the results of a load test, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from game.errors import InvalidArgument
from verify.history.guarantees import Findings
from verify.testbed.percentiles import percentiles


@dataclass(frozen=True)
class LoadPlan:
    """The options: how many people press Play at once, and how often one or several servers are killed.

    Raises InvalidArgument for an odd number of people, because the last person would never find an opponent.
    """

    people: int = 1000
    kill_every_s: float = 2.0
    seed: int = 7

    def __post_init__(self) -> None:
        if self.people < 2 or self.people % 2:  # noqa: PLR2004
            raise InvalidArgument(
                f"people is {self.people}; use an even number, 2 or more, so that all find an opponent"
            )


@dataclass(frozen=True)
class LoadReport:
    """The results.

    ``people``: the report of each person. ``games``: finished games, as their players saw them. ``archived``: games in
    the archive. ``left``: rooms that are still open after all people have left.
    """

    plan: LoadPlan
    seconds: float
    killed: Sequence[tuple[str, ...]]
    people: Sequence[Mapping[str, Any]]
    findings: Findings
    moves: int
    """The number of acknowledged moves."""
    games: int
    archived: int
    left: Sequence[str]

    @property
    def unmatched(self) -> list[str]:
        """Return the people without a match."""
        return [person["name"] for person in self.people if not person["room"]]

    @property
    def wrong_player_count(self) -> list[str]:
        """Return the rooms with a number of matched players other than two."""
        count = Counter(person["room"] for person in self.people if person["room"])
        return [room for room, players in count.items() if players != 2]  # noqa: PLR2004

    @property
    def unfinished(self) -> list[str]:
        """Return the people who did not see their series end."""
        return [person["name"] for person in self.people if not person["ended"]]

    @property
    def wrong(self) -> list[str]:
        """Return all violations."""
        return [
            *(f"{name} found no match" for name in self.unmatched),
            *(f"room {room} does not have two players" for room in self.wrong_player_count),
            *(f"{name} did not see the series end" for name in self.unfinished),
            *(f"{person['name']}: {person['error']}" for person in self.people if person["error"]),
            *self.findings.all,
            *(f"room {room} is open although both players left" for room in self.left),
            *(
                []
                if self.games == self.archived
                else [f"{self.games} games ended, but the game archive has {self.archived}"]
            ),
        ]

    def as_plain(self) -> dict[str, object]:
        """Return the report as a dictionary for JSON."""
        return {
            **vars(self.plan),
            "seconds": round(self.seconds, 1),
            "kills": dict(Counter(role for roles in self.killed for role in roles)),
            "matched": len(self.people) - len(self.unmatched),
            "matched_after_s": percentiles([person["matched_s"] for person in self.people if person["room"]]),
            "series_ended": (len(self.people) - len(self.unfinished)) // 2,
            "games": self.games,
            "games_in_the_book": self.archived,
            "moves_acked": self.moves,
            "moves_lost": len(self.findings.lost),
            "moves_doubled": len(self.findings.doubled),
            "views_out_of_order": len(self.findings.out_of_order),
            "wrong": self.wrong[:50],
        }
