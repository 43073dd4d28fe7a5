// @ts-check
'use strict';

// Two groups share a room: the first of a group locks it and the last one unlocks it. A thread that waits for the room
// keeps the door locked meanwhile, through which the room's owner has to leave. In the right version no thread waits for
// the room inside the door.

const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const [DOOR, ROOM, COUNTS] = [0, 1, 16];

module.exports = program({
  sizes: [2],
  create({ right }) {
    const member =
      (/** @type {number} */ group) =>
      (/** @type {import('./program.js').Data} */ { cells }) => {
        const door = new Mutex(cells, DOOR, { name: 'door' });
        const room = new Mutex(cells, ROOM, { name: 'room' });
        if (right) room.lock();
        door.lock();
        if (++cells[COUNTS + group] === 1 && !right) room.lock();
        door.unlock();
        door.lock();
        if (--cells[COUNTS + group] === 0 && !right) room.unlock();
        door.unlock();
        if (right) room.unlock();
      };
    return { threads: [member(0), member(1)] };
  },
});
