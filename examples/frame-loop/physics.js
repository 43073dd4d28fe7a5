// @ts-check
'use strict';

const GRAVITY = 4e-8;
const SOFTENING = 4e-4; // squared: no force grows without bounds
const STEP = 1;

/**
 * A part of the bodies, or of the rows of the picture: `start` belongs to it, `end` does not.
 *
 * @typedef {{ start: number, end: number }} Part
 */

/**
 * Two discs of bodies that turn, on their way to each other. The picture is the square from 0 to 1.
 *
 * @param {Float64Array} positions
 * @param {Float64Array} velocities
 */
function placeBodies(positions, velocities) {
  const bodies = positions.length / 2;
  const discs = [
    { x: 0.34, y: 0.42, vx: 0.001, vy: 0.0002 },
    { x: 0.66, y: 0.58, vx: -0.001, vy: -0.0002 },
  ];
  for (let body = 0; body < bodies; body++) {
    const disc = discs[body % 2];
    const turn = body * 2.399963; // the golden angle: evenly over the disc
    const radius = 0.02 + 0.16 * Math.sqrt(body / bodies);
    const within = (bodies / 2) * ((radius - 0.02) / 0.16) ** 2;
    const speed = Math.sqrt((GRAVITY * within) / radius);
    positions[2 * body] = disc.x + radius * Math.cos(turn);
    positions[2 * body + 1] = disc.y + radius * Math.sin(turn);
    velocities[2 * body] = disc.vx - speed * Math.sin(turn);
    velocities[2 * body + 1] = disc.vy + speed * Math.cos(turn);
  }
}

/**
 * Physics: each body is drawn to all others. Reads all positions, writes the velocities of a part.
 *
 * @param {Float64Array} positions
 * @param {Float64Array} velocities
 * @param {Part} part
 */
function push(positions, velocities, { start, end }) {
  for (let body = start; body < end; body++) {
    const x = positions[2 * body];
    const y = positions[2 * body + 1];
    let ax = 0;
    let ay = 0;
    for (let i = 0; i < positions.length; i += 2) {
      const dx = positions[i] - x;
      const dy = positions[i + 1] - y;
      const squared = dx * dx + dy * dy + SOFTENING;
      const force = GRAVITY / (squared * Math.sqrt(squared));
      ax += dx * force;
      ay += dy * force;
    }
    velocities[2 * body] += ax * STEP;
    velocities[2 * body + 1] += ay * STEP;
  }
}

/**
 * Update: writes the positions of a part.
 *
 * @param {Float64Array} positions
 * @param {Float64Array} velocities
 * @param {Part} part
 */
function move(positions, velocities, { start, end }) {
  for (let i = 2 * start; i < 2 * end; i++) positions[i] += velocities[i] * STEP;
}

module.exports = { move, placeBodies, push };
