// @ts-check
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
require('../shared/setup.js');
const { layout } = require('../..');
const { command, count } = require('../../scripts/command.js');
const { inBars } = require('../shared/bars.js');
const { loadDependency } = require('../shared/dependency.js');
const { runWorkers } = require('../shared/workers.js');
const { loopLayout } = require('./layouts.js');
const { placeBodies } = require('./physics.js');
const { toBytes } = require('./render.js');

/** @type {typeof import('pngjs')} */
const { PNG } = loadDependency('pngjs');

const WORKERS = Math.max(2, os.availableParallelism());

const USAGE = `Usage: node examples/frame-loop [options]

Two galaxies meet: physics, update and render of each frame in lock-step by several workers,
then the same by one. Writes the last frame as a picture.

  --workers ${WORKERS}    how many workers
  --bodies 1200  how many bodies
  --frames 150   how many frames
  --size 480     of the picture, in pixels
  --out FILE     where to write it (PNG; if left out, to a new file in the folder for temporary ones)
  --help         print this`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: String(WORKERS) },
  bodies: { type: 'string', default: '1200' },
  frames: { type: 'string', default: '150' },
  size: { type: 'string', default: '480' },
  out: { type: 'string' },
});

command(USAGE, OPTIONS, async (values) => {
  const workers = count('--workers', values.workers, 1, 64);
  const bodies = count('--bodies', values.bodies, 2, 100_000);
  const frames = count('--frames', values.frames, 1, 1_000_000);
  const size = count('--size', values.size, 16, 8192);

  const many = await runLoop(workers, bodies, frames, size);
  const one = await runLoop(1, bodies, frames, size);
  assert.deepEqual(
    many.positions,
    one.positions,
    'in lock-step the result is the same, bit by bit',
  );
  assert.deepEqual(many.light, one.light);

  console.log(`${frames} frames of ${bodies} bodies, ${size} x ${size} pixels\n`);
  tell(`${workers} workers`, many.times);
  tell('1 worker', one.times);
  console.log('the last frame is the same, to the last bit');

  const out =
    values.out ?? path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'frame-loop-')), 'last.png');
  fs.writeFileSync(out, toPng(toBytes(many.light), size));
  console.log(`written to ${out}`);
});

/**
 * @param {number} workers
 * @param {number} bodies
 * @param {number} frames
 * @param {number} size
 */
async function runLoop(workers, bodies, frames, size) {
  const memory = layout(loopLayout(workers, bodies, frames, size));
  placeBodies(memory.positions, memory.velocities);
  const running = runWorkers(path.join(__dirname, 'worker.js'), workers, {
    workers,
    bodies,
    frames,
    size,
    share: memory.share(),
  });
  await Promise.all([memory.ended.awaitAsync(), running]); // rejected if a worker dies
  return memory;
}

/**
 * @param {string} who
 * @param {Float64Array} times
 */
function tell(who, times) {
  const sorted = times.toSorted();
  const quantile = (/** @type {number} */ q) => sorted[Math.ceil(q * sorted.length) - 1];
  const total = times.reduce((a, b) => a + b, 0);
  const figures = [0.5, 0.99, 1].map(quantile).map((ms) => `${ms.toFixed(1)} ms`);
  console.log(`${who}: ${((times.length / total) * 1000).toFixed(0)} frames a second`);
  console.log(
    `  a frame takes ${figures[0]} (median), ${figures[1]} (p99), ${figures[2]} (longest)`,
  );
  console.log(`  ${inBars(times, Math.max(...times))}\n`);
}

/**
 * A PNG file of 8 bits each of red, green and blue.
 *
 * @param {Uint8Array} bytes
 * @param {number} size of the square, in pixels
 */
function toPng(bytes, size) {
  const png = new PNG({ width: size, height: size });
  png.data = Buffer.from(bytes.buffer);
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2 }); // 2: no alpha
}
