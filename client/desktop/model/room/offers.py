"""What players can agree on, as bars: one line each with its buttons, for an offer, a rematch, a game to claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from client.desktop.model.base.pending_command import PendingCommand
from client.desktop.model.base.words import called, name_in
from client.desktop.model.room.clocks import seconds_until
from client.room import RoomClient
from client.views import View
from game.match.offers import MATTERS, MOVES_BEFORE_ABORT, Matter
from game.rooms.dedup import Answer
from game.rules import Seat, other

CLAIM_AFTER_MS = 60_000
"""From then on a game may be claimed, unless the servers' settings say else."""
AWAY_SHOWN_MS = 5_000
"""Who comes right back is not worth a word."""

Verb = Literal["accept", "decline", "claim"]


class Reply(NamedTuple):
    """A button of a bar: its text, and what it does."""

    text: str
    verb: Verb
    what: str


class Bar(NamedTuple):
    """One line under the board."""

    text: str
    replies: tuple[Reply, ...] = ()


_OFFERS: Mapping[Matter, str] = {
    "draw": "offer{s} a draw",
    "takeback": "ask{s} to take the last move back",
    "abort": "ask{s} to abort the game",
}
LABELS: Mapping[Matter, str] = {"draw": "Offer a draw", "takeback": "Take my move back", "abort": "Abort the game"}


def bars(view: View, me: str, at: int, *, claim_after_ms: int = CLAIM_AFTER_MS) -> tuple[Bar, ...]:
    """What is to be said and answered now, at that service time."""
    seat = view.seat_of(me)
    shown = [_offer(view, seat, whose, what) for whose, what in view.offers]
    if view.phase == "finished":
        shown += _next_game(view, seat, at)
    elif view.phase == "playing" and seat is not None:
        shown += _away(view, seat, at, claim_after_ms)
    return tuple(shown)


def may_be_offered(view: View, seat: Seat | None) -> tuple[Matter, ...]:
    """What somebody on that seat could offer now; what was declined since the last move, the servers refuse."""
    if seat is None or view.phase != "playing":
        return ()
    moved = any(mover == seat for mover, _ in view.moves)
    may: Mapping[Matter, bool] = {"draw": True, "takeback": moved, "abort": len(view.moves) < MOVES_BEFORE_ABORT}
    standing = view.offers_of(seat)
    return tuple(what for what in MATTERS if may[what] and what not in standing)


def _offer(view: View, seat: Seat | None, whose: Seat, what: Matter) -> Bar:
    if whose == seat:
        return Bar(f"You {_OFFERS[what].format(s='')}", (Reply("Withdraw", "decline", what),))
    text = f"{called(view, name_in(view, whose))} {_OFFERS[what].format(s='s')}"
    if seat is None:
        return Bar(text)
    return Bar(text, (Reply("Accept", "accept", what), Reply("Decline", "decline", what)))


def _next_game(view: View, seat: Seat | None, at: int) -> list[Bar]:
    """The next game of a series comes by itself; another one, when both wish for it."""
    countdown = "" if view.due_at is None else f"The next game starts in {seconds_until(view.due_at, at)} s"
    if seat is None or not view.rematch:
        wishing = "".join(f"{called(view, name_in(view, whose))} wants a rematch" for whose in view.rematch[:1])
        return [Bar(countdown or wishing)] if countdown or wishing else []
    across = called(view, name_in(view, other(seat)))
    if seat in view.rematch:
        text = f"{countdown}, or when {across} is ready" if countdown else f"Waiting for {across} to want a rematch too"
        return [Bar(text) if countdown else Bar(text, (Reply("Withdraw", "decline", "rematch"),))]
    text = f"{countdown}; {across} is ready" if countdown else f"{across} wants a rematch"
    return [Bar(text) if countdown else Bar(text, (Reply("Decline", "decline", "rematch"),))]


def _away(view: View, seat: Seat, at: int, claim_after_ms: int) -> list[Bar]:
    opponent = view.seats[other(seat)]
    if opponent is None or opponent.away_since is None:
        return []
    away_ms = at - opponent.away_since
    if away_ms >= claim_after_ms:
        replies = (Reply("Claim the win", "claim", "win"), Reply("Claim a draw", "claim", "draw"))
        return [Bar(f"{opponent.name} stays away", replies)]
    if away_ms < AWAY_SHOWN_MS:
        return []
    wait_s = seconds_until(opponent.away_since + claim_after_ms, at)
    return [Bar(f"{opponent.name} is away: in {wait_s} s the game is yours to claim")]


class OffersModel:
    """What one offers and answers."""

    def __init__(self, room: RoomClient, asking: PendingCommand) -> None:
        self._room = room
        self._asking = asking

    def offer(self, what: Matter) -> None:
        """Offer that."""
        self._asking.ask("offer", lambda request_id: self._room.offer(what, request_id=request_id))

    def reply(self, reply: Reply) -> None:
        """Press a bar's button."""
        call = self._call(reply)
        if call is not None:
            self._asking.ask(reply.verb, call)

    def _call(self, reply: Reply) -> Callable[[str], Answer] | None:
        room, what = self._room, reply.what
        if reply.verb == "claim":
            result: Literal["win", "draw"] = "win" if what == "win" else "draw"
            return lambda request_id: room.claim_game(result, request_id=request_id)
        if what == "rematch":
            return lambda request_id: room.decline("rematch", request_id=request_id)
        matter = next((matter for matter in MATTERS if matter == what), None)
        if matter is None:
            return None
        if reply.verb == "accept":
            return lambda request_id: room.accept(matter, request_id=request_id)
        return lambda request_id: room.decline(matter, request_id=request_id)
