"""How events change a room's game: selection, moves, clocks, offers, series. Part of ``evolve``; pure."""

from __future__ import annotations

from functools import partial

from game.errors import InvariantBroken, check
from game.games.registry import rules_named
from game.match import clock as clocks
from game.match import offers, selection
from game.rooms import events as e
from game.rooms.state import Become, Room
from game.rules import Outcome


def selecting(room: Room, event: e.Selecting, become: Become) -> Room:
    check(room.phase == "waiting" and None not in room.seats.values(), "a match begins with its players")
    choices = selection.Choices(event.boards, event.best_ofs, event.clocks)
    return become(phase="selecting", selection=selection.Selection(choices, event.until))


def proposed(room: Room, event: e.Proposed, become: Become) -> Room:
    if room.selection is None:
        raise InvariantBroken("proposals are made during a selection")
    check(room.seats[event.seat] == event.by, "a proposal is from the owner of its seat")
    proposal = selection.Proposal(event.board, event.best_of, event.clock)
    return become(selection=selection.propose(room.selection, event.seat, proposal))


def agreed(room: Room, event: e.Agreed, become: Become) -> Room:
    check(room.phase == "selecting", "a selection is agreed once")
    rules = rules_named(room.game, event.options)
    return become(
        phase="waiting",
        selection=None,
        rules=rules,
        position=rules.opening(),
        best_of=event.best_of,
        clock_rule=clocks.clock_rule(event.clock),
    )


def started(room: Room, event: e.Started, become: Become) -> Room:
    check(room.phase in ("waiting", "finished"), "one game runs at a time")
    check({event.seat_x, event.seat_o} == set(room.players), "a game is played by the owners of both seats")
    check(event.number == room.game_number + 1, "games are numbered one after the other")
    opening = room.rules.opening()
    turn = room.rules.to_move(opening)
    anew = {"wins": {}, "draws": 0} if room.series_is_over else {}
    return become(
        phase="playing",
        seats={"X": event.seat_x, "O": event.seat_o},
        position=opening,
        moves=(),
        outcome=None,
        game_number=event.number,
        started_on=event.date,
        rematch=(),
        offers=offers.NO_OFFERS,
        clock=None if turn is None else clocks.start(room.clock_rule, turn, event.at),
        **anew,
    )


def moved(room: Room, event: e.Moved, become: Become) -> Room:
    check(room.phase == "playing", "moves are made while a game is running")
    check(room.rules.to_move(room.position) == event.seat, "seats move in turn")
    position = room.rules.play(room.position, event.seat, event.move)
    return become(
        position=position,
        moves=(*room.moves, (event.seat, event.move)),
        clock=None if room.clock is None else clocks.press(room.clock, event.at),
        offers=offers.NO_OFFERS,
    )


def taken_back(room: Room, event: e.TakenBack, become: Become) -> Room:
    check(room.phase == "playing" and 0 < event.count <= len(room.moves), "a takeback is of moves of a running game")
    moves = room.moves[: -event.count]
    position = room.rules.opening()
    for seat, move in moves:
        position = room.rules.play(position, seat, move)
    turn = room.rules.to_move(position)
    check(turn is not None, "a game was not over before its last moves")
    return become(
        position=position,
        moves=moves,
        clock=None if room.clock is None or turn is None else clocks.turn_to(room.clock, turn, event.at),
        offers=offers.NO_OFFERS,
    )


def finished(room: Room, event: e.Finished, become: Become) -> Room:
    check(room.phase == "playing", "only a running game finishes")
    over = partial(
        become,
        phase="finished",
        outcome=Outcome(event.termination, event.winner, event.line),
        finished_at=event.at,
        clock=None if room.clock is None else clocks.stop(room.clock, event.at),
        offers=offers.NO_OFFERS,
    )
    if event.termination == "aborted":
        return over()
    if event.winner is None:
        return over(draws=room.draws + 1)
    winner = room.seats[event.winner]
    if winner is None:
        raise InvariantBroken("a game has two players")
    return over(wins={**room.wins, winner: room.wins.get(winner, 0) + 1})


def rematch_wanted(room: Room, event: e.RematchWanted, become: Become) -> Room:
    check(room.phase == "finished", "a rematch is offered after a game")
    check(event.seat not in room.rematch, "a seat offers a rematch once")
    return become(rematch=(*room.rematch, event.seat))


def rematch_declined(room: Room, _event: e.RematchDeclined, become: Become) -> Room:
    check(room.rematch != (), "a declined rematch was offered")
    return become(rematch=())


def offered(room: Room, event: e.Offered, become: Become) -> Room:
    check(room.phase == "playing", "offers are made during a game")
    check((event.seat, event.what) not in room.offers.pending, "a seat makes each offer once")
    return become(offers=offers.offered(room.offers, event.seat, event.what))


def declined(room: Room, event: e.Declined, become: Become) -> Room:
    check((event.seat, event.what) in room.offers.pending, "a declined offer was pending")
    return become(offers=offers.ended(room.offers, event.seat, event.what, declined=not event.withdrawn))
