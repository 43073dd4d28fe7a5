// @ts-check
'use strict';

const { workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { loopLayout } = require('./layouts.js');
const { move, push } = require('./physics.js');
const { draw } = require('./render.js');

/** @type {{ id: number, workers: number, bodies: number, frames: number, size: number, share: unknown }} */
const { id, workers, bodies, frames, size, share } = workerData;
const { pushed, moved, drawn, ended, positions, velocities, light, times } = layout.from(
  share,
  loopLayout(workers, bodies, frames, size),
);

const ownBodies = partOf(bodies);
const ownRows = partOf(size);

drawn.wait(); // all are there: the loop begins
let start = performance.now();
for (let frame = 0; frame < frames; frame++) {
  push(positions, velocities, ownBodies);
  pushed.wait();
  move(positions, velocities, ownBodies);
  moved.wait();
  draw(positions, light, size, ownRows);
  drawn.wait();

  if (id === 0) {
    const end = performance.now();
    times[frame] = end - start;
    start = end;
  }
}
ended.countDown();

/**
 * The part of this worker.
 *
 * @param {number} total
 */
function partOf(total) {
  const border = (/** @type {number} */ n) => Math.floor((total * n) / workers);
  return { start: border(id), end: border(id + 1) };
}
