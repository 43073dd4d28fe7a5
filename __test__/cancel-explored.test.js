// @ts-check
'use strict';

// A Cancel under exploration: waits that it ends, in every schedule of a small program with up to two preemptions.

const test = require('ava').default;
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { explore } = require('../lib/explore/index.js');

const program = `
const { Cancel, Mutex, Semaphore } = require(${JSON.stringify(require.resolve('../index.js'))});

function ends(wait) {
  try {
    wait();
    return 'returned';
  } catch (error) {
    if (error.code !== 'ERR_CANCELLED') throw error;
    return 'cancelled';
  }
}

module.exports = {
  setup: () => new Int32Array(new SharedArrayBuffer(64)),
  threads: {
    waiter(cells) {
      const mutex = new Mutex(cells, 1);
      const end = ends(() => mutex.lock({ cancel: new Cancel(cells, 0) }));
      if (end === 'returned') mutex.unlock();
      cells[end === 'returned' ? 5 : 6]++;
    },
    timed(cells) {
      const own = new Cancel(cells, 2);
      own.abortAfter(50);
      if (ends(() => new Semaphore(cells, 3, 0).acquire(1, { cancel: own })) === 'cancelled') cells[7]++;
    },
    aborter(cells) {
      new Mutex(cells, 1).lock();
      new Cancel(cells, 0).abort();
      new Mutex(cells, 1).unlock();
    },
  },
  check(cells) {
    if (cells[5] + cells[6] !== 1 || cells[7] !== 1 || cells[1] !== 0) throw new Error('wrong: ' + cells);
  },
};
`;

test('a wait with a Cancel returns or throws in each schedule, and a time of abortAfter() comes', async (t) => {
  t.timeout(60_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cancel-explored-'));
  try {
    const file = path.join(folder, 'program.js');
    fs.writeFileSync(file, program);
    const report = await explore(file, { strategy: 'exhaustive', schedules: 20_000, time: 50_000 });
    t.true(report.exhausted);
    t.true(report.schedules > 100);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
