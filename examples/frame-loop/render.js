// @ts-check
'use strict';

const FADING = 0.9; // of the light of a frame, how much is left in the next
const GLOW = 2; // pixels around a body
const COLOURS = [
  [1, 0.55, 0.25],
  [0.3, 0.6, 1],
];

/**
 * Render: draws all bodies into a part of the rows.
 *
 * @param {Float64Array} positions
 * @param {Float32Array} light
 * @param {number} size of the picture, in pixels
 * @param {import('./physics.js').Part} rows
 */
function draw(positions, light, size, { start, end }) {
  for (let i = 3 * size * start; i < 3 * size * end; i++) light[i] *= FADING;
  for (let body = 0; body < positions.length / 2; body++) {
    const x = Math.floor(positions[2 * body] * size);
    const y = Math.floor(positions[2 * body + 1] * size);
    const [red, green, blue] = COLOURS[body % 2];
    for (let row = Math.max(y - GLOW, start); row <= Math.min(y + GLOW, end - 1); row++) {
      for (let column = Math.max(x - GLOW, 0); column <= Math.min(x + GLOW, size - 1); column++) {
        const amount = 0.5 / (1 + (row - y) ** 2 + (column - x) ** 2);
        const pixel = 3 * (row * size + column);
        light[pixel] += red * amount;
        light[pixel + 1] += green * amount;
        light[pixel + 2] += blue * amount;
      }
    }
  }
}

/**
 * The picture as bytes, however bright it is.
 *
 * @param {Float32Array} light
 */
const toBytes = (light) => Uint8Array.from(light, (value) => 255 * (1 - Math.exp(-value)));

module.exports = { draw, toBytes };
