// @ts-check
'use strict';

// A select under exploration: which of several ready cases it takes is a choice of the schedule, and no schedule leaves a
// message to sleeping threads.

const test = require('ava').default;
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { explore } = require('../lib/explore/index.js');

/**
 * Explores a program.
 *
 * @param {string} source
 * @param {object} [options]
 */
async function explored(source, options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'select-explored-'));
  try {
    const file = path.join(folder, 'program.js');
    fs.writeFileSync(
      file,
      `const { Cancel, Channel, Event, Latch, layout, select, selectAsync, trySelect } = require(${JSON.stringify(require.resolve('../index.js'))});
       const spec = {
         left: [Channel, { capacity: 256, codec: 'json' }],
         right: [Channel, { capacity: 256, codec: 'json' }],
         event: [Event, { autoReset: true }],
         latch: Latch,
         stop: Cancel,
         taken: [Int32Array, 8],
       };
       const setup = () => layout(spec).share();
       ${source}`,
    );
    return await explore(file, {
      strategy: 'exhaustive',
      schedules: 20_000,
      time: 50_000,
      ...options,
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test('each of the cases that are ready is taken in some schedule', async (t) => {
  t.timeout(120_000);
  for (const wanted of [0, 1, 2]) {
    const report = explored(`
      module.exports = {
        setup,
        threads: {
          selects(shared) {
            const { left, event, latch, taken } = layout.from(shared);
            left.send(1);
            event.set();
            latch.release();
            taken[0] = 1 + select([left, event, latch]).index;
          },
        },
        check(shared) {
          if (layout.from(shared).taken[0] === ${1 + wanted}) throw new Error('it took ${wanted}');
        },
      };`);
    await t.throwsAsync(report, { message: new RegExp(`it took ${wanted}`) });
  }
});

test('two selects and a sender leave no message behind in any schedule', async (t) => {
  t.timeout(120_000);
  const report = await explored(
    `
    const selects = (shared) => {
      const { left, event, taken } = layout.from(shared);
      taken[select([left, event]).index]++;
    };
    module.exports = {
      setup,
      threads: {
        one: selects,
        other: selects,
        sends(shared) {
          const { left, event } = layout.from(shared);
          left.send(1);
          event.set();
        },
      },
      check(shared) {
        const { left, event, taken } = layout.from(shared);
        if (taken[0] !== 1 || taken[1] !== 1 || left.length > 0 || event.isSet) throw new Error('wrong: ' + taken);
      },
    };`,
    { preemptions: 1 },
  );
  t.true(report.schedules > 20);
});

test('a select that nothing ends is a deadlock, and the report says what it waits for', async (t) => {
  t.timeout(60_000);
  const report = explored(`
    module.exports = {
      setup,
      threads: {
        selects(shared) {
          const { left, stop } = layout.from(shared);
          select([left, stop]);
        },
      },
    };`);
  await t.throwsAsync(report, { message: /select\(Channel "left" or Cancel "stop"\)/ });
});

test('selectAsync is refused', async (t) => {
  t.timeout(60_000);
  const report = explored(`
    module.exports = {
      setup,
      threads: {
        selects(shared) {
          selectAsync([layout.from(shared).left]);
        },
      },
    };`);
  await t.throwsAsync(report, { message: /selectAsync\(\) has no meaning under exploration/ });
});

test('a deadlock of a select is reported though the body catches it', async (t) => {
  const report = explored(`
    module.exports = {
      setup,
      threads: {
        selects(shared) {
          const { left } = layout.from(shared);
          left.send(1);
          const peek = left.peek();
          try {
            trySelect([left], 10);
          } catch {
            peek.consume();
          }
        },
      },
    };`);
  const error = /** @type {any} */ (await t.throwsAsync(report, { code: 'ERR_EXPLORATION' }));
  t.is(error.kind, 'deadlock');
  t.is(error.cause.code, 'ERR_DEADLOCK');
});
