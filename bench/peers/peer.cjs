// A process of a peer:
//
//     node peer.cjs PEER serve         writes its port, and serves until its standard input ends
//     node peer.cjs PEER play PORT     a task a line of JSON in, its result a line of JSON out
//
// Tasks: {"do": "open", "rooms": number} and {"do": "play", "rooms": number, "seconds": duration}. Players play the same
// script in all these rooms at once. The result has the measured time, the number of commands, and the duration of each.
'use strict';

const readline = require('node:readline');
const { DRAWN } = require('./game.cjs');

const [peerName, role, port] = process.argv.slice(2);
const peer = require(`./${peerName}.cjs`);
console.log = console.error; // what libraries write must not stand between the results

const write = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);

class Players {
  constructor() {
    this.tables = [];
  }

  async open({ rooms }) {
    while (this.tables.length < rooms) {
      const table = await peer.Table.open(Number(port));
      this.tables.push({ table, steps: script(table) });
    }
    return { rooms };
  }

  async play({ rooms, seconds }) {
    const began = performance.now();
    const ends = began + seconds * 1000;
    const tookS = await Promise.all(this.tables.slice(0, rooms).map(({ table, steps }) => playIn(table, steps, ends)));
    const all = tookS.flat();
    return { seconds: (performance.now() - began) / 1000, commands: all.length, took_s: all };
  }
}

/** The commands of one drawn game after another, each with its player. */
function* script(table) {
  for (;;) {
    for (const [number, cell] of DRAWN.entries()) yield [number % 2, () => table.mark(number % 2, cell)];
    const player = peer.Table.STARTS_AGAIN;
    yield [player, () => table.again(player)];
  }
}

async function playIn(table, steps, ends) {
  const tookS = [];
  while (performance.now() < ends) {
    const [player, make] = steps.next().value;
    await table.ready(player);
    const sent = performance.now();
    await make();
    tookS.push((performance.now() - sent) / 1000);
  }
  return tookS;
}

async function main() {
  const lines = readline.createInterface({ input: process.stdin });
  if (role === 'serve') {
    lines.on('close', () => process.exit(0));
    write(await peer.serve());
    return;
  }
  const players = new Players();
  for await (const line of lines) {
    const task = JSON.parse(line);
    write(await players[task.do](task));
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
