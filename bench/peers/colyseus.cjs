// Colyseus: the room, a server, and a table of two clients. State is in memory, in one process.
'use strict';

const { EMPTY, isOver, play } = require('./game.cjs');

const ROOM = 'tictactoe';
const SEATS = ['X', 'O'];

async function serve() {
  const http = require('node:http');
  const { Room, Server } = require('@colyseus/core');
  const { schema } = require('@colyseus/schema');
  const { WebSocketTransport } = require('@colyseus/ws-transport');

  const Shown = schema({ cells: 'string', version: 'number' });

  /** The room answers each command, and sends its new state at once instead of 20 times a second. */
  class TicTacToeRoom extends Room {
    onCreate() {
      this.maxClients = 2;
      this.setPatchRate(null);
      this.setState(Object.assign(new Shown(), { cells: EMPTY, version: 0 }));
      this.seats = new Map();
      this.onMessage('mark', (client, cell) =>
        this.change(client, play(this.state.cells, this.seats.get(client.sessionId), cell)));
      this.onMessage('again', (client) => {
        if (!isOver(this.state.cells)) throw new Error('the game is not over');
        this.change(client, EMPTY);
      });
    }

    onJoin(client) {
      this.seats.set(client.sessionId, SEATS[this.seats.size]);
    }

    change(client, cells) {
      this.state.cells = cells;
      this.state.version += 1;
      client.send('done', this.state.version);
      this.broadcastPatch();
    }
  }

  const server = http.createServer();
  const game = new Server({ greet: false, transport: new WebSocketTransport({ server }) });
  game.define(ROOM, TicTacToeRoom);
  await game.listen(0);
  return server.address().port;
}

/** A room with two clients. A command is acknowledged when the room's answer has arrived. */
class Table {
  static async open(port) {
    const { Client } = require('colyseus.js');
    const first = await new Client(`ws://127.0.0.1:${port}`).create(ROOM);
    const second = await new Client(`ws://127.0.0.1:${port}`).joinById(first.roomId);
    return new Table([first, second]);
  }

  constructor(rooms) {
    this.rooms = rooms;
    this.waiting = null;
    for (const room of rooms) {
      room.onStateChange(() => undefined);
      room.onMessage('done', () => this.waiting());
    }
  }

  ready() {
    return Promise.resolve();
  }

  mark(player, cell) {
    return this.command(player, 'mark', cell);
  }

  again(player) {
    return this.command(player, 'again');
  }

  command(player, name, argument) {
    const answered = new Promise((resolve) => {
      this.waiting = resolve;
    });
    this.rooms[player].send(name, argument);
    return answered;
  }

  static STARTS_AGAIN = 0;
}

module.exports = { serve, Table };
