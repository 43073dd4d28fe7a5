// @ts-check
'use strict';

const { Barrier, Latch } = require('../..');

/** The three barriers of a frame: what is written before one is read after it. */
const loopLayout = (
  /** @type {number} */ workers,
  /** @type {number} */ bodies,
  /** @type {number} */ frames,
  /** @type {number} */ size,
) =>
  /** @type {const} */ ({
    pushed: [Barrier, workers], // physics: all velocities are new
    moved: [Barrier, workers], // update: all positions are new
    drawn: [Barrier, workers], // render: the picture is complete
    ended: [Latch, workers],
    positions: [Float64Array, 2 * bodies],
    velocities: [Float64Array, 2 * bodies],
    light: [Float32Array, 3 * size * size], // red, green and blue of each pixel
    times: [Float64Array, frames], // milliseconds of each frame
  });

module.exports = { loopLayout };
