// boardgame.io: the game, a server, and a table of two clients. State is in memory, in one process.
'use strict';

const { EMPTY, isOver, play } = require('./game.cjs');

const SEATS = { 0: 'X', 1: 'O' };

/** `client: false`: a client does not run a move before the server has; else it would not wait for an answer. */
const GAME = {
  name: 'tictactoe',
  setup: () => ({ cells: EMPTY }),
  turn: { minMoves: 1, maxMoves: 1 },
  moves: {
    mark: { client: false, move: ({ G, playerID }, cell) => ({ cells: play(G.cells, SEATS[playerID], cell) }) },
    again: {
      client: false,
      move: ({ G }) => {
        if (!isOver(G.cells)) throw new Error('the game is not over');
        return { cells: EMPTY };
      },
    },
  },
};

async function serve() {
  const { Server, Origins } = require('boardgame.io/server');
  const { appServer } = await Server({ games: [GAME], origins: [Origins.LOCALHOST] }).run(0);
  return appServer.address().port;
}

async function post(port, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}/games/${GAME.name}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** One client. `reached(version)` waits until it has a state of that version. */
class Seat {
  constructor(port, matchID, playerID, credentials) {
    const { Client } = require('boardgame.io/client');
    const { SocketIO } = require('boardgame.io/multiplayer');
    const multiplayer = SocketIO({ server: `127.0.0.1:${port}`, socketOpts: { transports: ['websocket'] } });
    this.client = Client({ game: GAME, multiplayer, matchID, playerID, credentials, debug: false });
    this.waiting = null;
    this.client.subscribe((state) => {
      if (this.waiting && state && state._stateID >= this.waiting.version) {
        this.waiting.resolve();
        this.waiting = null;
      }
    });
    this.client.start();
  }

  get version() {
    const state = this.client.getState();
    return state ? state._stateID : -1;
  }

  reached(version) {
    if (this.version >= version) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting = { version, resolve };
    });
  }
}

/** A match with two clients. A command is acknowledged when its sender has the new state from the server. */
class Table {
  static async open(port) {
    const { matchID } = await post(port, 'create', { numPlayers: 2 });
    const seats = [];
    for (const playerID of ['0', '1']) {
      const { playerCredentials } = await post(port, `${matchID}/join`, { playerID, playerName: `player ${playerID}` });
      seats.push(new Seat(port, matchID, playerID, playerCredentials));
    }
    for (const seat of seats) await seat.reached(0);
    return new Table(seats);
  }

  constructor(seats) {
    this.seats = seats;
  }

  /** `ready` resolves when that player has the opponent's move: the server refuses commands for an older state. */
  ready(player) {
    return this.seats[player].reached(Math.max(this.seats[0].version, this.seats[1].version));
  }

  mark(player, cell) {
    return this.command(player, 'mark', cell);
  }

  again(player) {
    return this.command(player, 'again');
  }

  command(player, name, ...args) {
    const seat = this.seats[player];
    const answered = seat.reached(seat.version + 1);
    seat.client.moves[name](...args);
    return answered;
  }

  /** Nine moves end with X, so it is the turn of O. */
  static STARTS_AGAIN = 1;
}

module.exports = { serve, Table };
