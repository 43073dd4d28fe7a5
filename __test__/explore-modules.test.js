// @ts-check
'use strict';

// What a module exports and does, and what exploring makes of it.

const test = require('ava').default;
const { explore } = require('../lib/explore/index.js');
const { rejection } = require('./helpers/exploring.js');
const { temporaryFiles } = require('./helpers/program.js');

const { file } = temporaryFiles(test);
const index = JSON.stringify(require.resolve('../index.js'));

const ADDS = `
  const { ${'Barrier, Mutex, layout'} } = require(${index});
  const setup = () => ({ cells: new Int32Array(new SharedArrayBuffer(128)) });
  const add = ({ cells }) => void Atomics.store(cells, 0, Atomics.load(cells, 0) + 1);
  const threads = { first: add, second: add };
  const check = ({ cells }) => {
    if (cells[0] !== 2) throw new Error('lost an addition');
  };`;

// Node.js finds the names that a CommonJS module exports by looking at its text, and does not find all of them.
for (const [name, exports] of Object.entries({
  'an array among the exports': 'module.exports = { threads, setup, daemons: [], check };',
  'a method among the exports':
    'module.exports = { threads, setup, check(data) { check(data); } };',
  'exports that are assigned later':
    'exports.threads = threads; exports.setup = setup; Object.assign(exports, { check });',
  'a default export that was transpiled':
    'exports.__esModule = true; exports.default = { threads, setup, check };',
})) {
  test(`the check of a CommonJS module is found: ${name}`, async (t) => {
    const module = file(`${name}.js`, `${ADDS}\n${exports}`);
    const error = await rejection(t, explore(module, { seed: 1 }));
    t.is(error.kind, 'check');
    t.regex(error.message, /lost an addition/);
  });
}

test('what comes after an error of the package is explored, too', async (t) => {
  const module = file(
    'after-an-error.js',
    `${ADDS}
    module.exports = {
      setup,
      threads: {
        first({ cells }) {
          try {
            new Barrier(cells, 0, 2).wait({ timeout: 1 });
          } catch {
            cells[21] = cells[20];
          }
        },
        second({ cells }) {
          if (new Barrier(cells, 0, 2).broken) cells[20] = 1;
        },
      },
      check({ cells }) {
        if (cells[21] === 1) throw new Error('seen');
      },
    };`,
  );
  const options = /** @type {const} */ ({ strategy: 'exhaustive', preemptions: 6 });
  t.is((await rejection(t, explore(module, options))).kind, 'check');
});

test('layout.open() in a body is a misuse: its memory would outlive the schedule', async (t) => {
  const module = file(
    'by-name.js',
    `${ADDS}
    module.exports = { threads: { first: () => layout.open('counter', { mutex: Mutex }) } };`,
  );
  const error = await rejection(t, explore(module));
  t.is(error.kind, 'misuse');
  t.regex(error.message, /layout\.open\(\) has no meaning under exploration/);
});

for (const [what, thrown, text] of [
  ['null', 'null', /null/],
  ['an error whose code is a symbol', `Object.assign(new Error('why'), { code: Symbol() })`, /why/],
]) {
  test(`a body, setup and check may throw ${what}`, async (t) => {
    const throws = `() => { throw ${thrown}; }`;
    for (const [part, exports] of Object.entries({
      body: `threads: { first: ${throws} }`,
      setup: `threads, setup: ${throws}`,
      check: `threads, setup, check: ${throws}`,
    })) {
      const module = file(`${part} ${what}.js`, `${ADDS}\nmodule.exports = { ${exports} };`);
      const error = await rejection(t, explore(module));
      t.regex(error.message, /** @type {RegExp} */ (text), part);
    }
  });
}

test('a program may freeze Error', async (t) => {
  const module = file(
    'frozen.js',
    `${ADDS}
    Object.freeze(Error);
    module.exports = { threads, setup, check: (data) => check(data) };`,
  );
  t.is((await rejection(t, explore(module, { isolate: true, schedules: 100 }))).kind, 'check');
});

test('a date that Node.js or another thread made is a Date, and random bytes go where Node.js puts them', async (t) => {
  const module = file(
    'dates.js',
    `const fs = require('node:fs');
    const { randomFillSync, randomInt } = require('node:crypto');
    module.exports = {
      setup: () => ({ date: new Date(0) }),
      threads: {
        first({ date }) {
          const all = [date, fs.statSync(__filename).mtime, structuredClone(new Date()), new Date()];
          if (!all.every((one) => one instanceof Date) || Date.length !== 7) throw new Error('no Date');
          const words = randomFillSync(new Uint32Array(3), 1, 1);
          if (words[0] !== 0 || words[1] < 256 || words[2] !== 0) throw new Error('wrong words');
          let failed;
          try { randomInt(5, 1); } catch (error) { failed = error; }
          if (failed?.code !== 'ERR_OUT_OF_RANGE') throw new Error('randomInt did not throw');
        },
      },
    };`,
  );
  await t.notThrowsAsync(explore(module, { schedules: 3 }));
});

test('a function for the progress is checked, and its error ends the exploration', async (t) => {
  const module = file('progress.js', `${ADDS}\nmodule.exports = { threads, setup };`);
  const untyped = /** @type {any} */ (explore);
  await t.throwsAsync(untyped(module, {}, 5), { code: 'ERR_INVALID_ARG_TYPE' });
  const fails = () => {
    throw new Error('no terminal');
  };
  const options = { schedules: 1e6, time: 20_000, strategy: 'random' };
  await t.throwsAsync(untyped(module, options, fails), { message: 'no terminal' });
});
