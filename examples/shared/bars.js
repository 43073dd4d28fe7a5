// @ts-check
'use strict';

const BARS = ' ▁▂▃▄▅▆▇█';
const WIDTH = 60;

/**
 * A picture of numbers in one line. Each bar stands for one of them, or for the largest of several neighbours.
 *
 * @param {ArrayLike<number>} numbers
 * @param {number} full what a full bar stands for
 */
function inBars(numbers, full) {
  const all = Array.from(numbers);
  const each = Math.max(all.length / WIDTH, 1);
  const bars = Array.from({ length: Math.min(WIDTH, all.length) }, (_, i) => {
    const most = Math.max(...all.slice(Math.floor(i * each), Math.ceil((i + 1) * each)));
    return BARS[Math.min(Math.ceil((most / full) * 8), 8)];
  });
  return bars.join('');
}

module.exports = { inBars };
