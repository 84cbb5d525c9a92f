// Tic-tac-toe as both peers play it: the rules, and the script of a drawn game. Pure.
'use strict';

const LINES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

/** A game without a winner that fills all nine cells. */
const DRAWN = [0, 1, 2, 4, 3, 5, 7, 6, 8];

/** Return whether a seat ("X" or "O") has a line. `cells` has one character for each cell, "." if it is empty. */
const hasLine = (cells, seat) => LINES.some((line) => line.every((cell) => cells[cell] === seat));

const isOver = (cells) => !cells.includes('.') || hasLine(cells, 'X') || hasLine(cells, 'O');

/** Return the cells after a move. Throws an error if the rules do not allow it. */
function play(cells, seat, cell) {
  const turn = [...cells].filter((one) => one !== '.').length % 2 === 0 ? 'X' : 'O';
  if (isOver(cells)) throw new Error('the game is over');
  if (seat !== turn) throw new Error('it is the turn of the opponent');
  if (!Number.isInteger(cell) || cells[cell] !== '.') throw new Error('the cell is not empty');
  return cells.slice(0, cell) + seat + cells.slice(cell + 1);
}

const EMPTY = '.'.repeat(9);

module.exports = { DRAWN, EMPTY, isOver, play };
