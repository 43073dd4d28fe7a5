// @ts-check
'use strict';

/**
 * One line on a terminal's standard error, rewritten at each step; nothing anywhere else, so that
 * a log or a pipe gets the results only.
 */
class Progress {
  /** @param {number} total how many steps there will be */
  constructor(total) {
    this.total = total;
    this.done = 0;
    this.started = performance.now();
  }

  /** @param {string} label what begins now */
  step(label) {
    if (process.stderr.isTTY) {
      const width = process.stderr.columns || 80;
      const line = `[${this.done}/${this.total}${this.#remaining()}] ${label}`;
      process.stderr.write(`\r\x1b[K${line.slice(0, width - 1)}`);
    }
    this.done++;
  }

  /** Takes steps out that will not be made. */
  skip(count = 1) {
    this.total -= count;
  }

  clear() {
    if (process.stderr.isTTY) {
      process.stderr.write('\r\x1b[K');
    }
  }

  #remaining() {
    if (this.done < 5) {
      return '';
    }
    const each = (performance.now() - this.started) / this.done;
    return `, ${Math.max(0, Math.ceil((each * (this.total - this.done)) / 1000))} s left`;
  }
}

module.exports = { Progress };
