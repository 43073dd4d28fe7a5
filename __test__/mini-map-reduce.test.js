// @ts-check
'use strict';

const test = require('ava').default;
const fs = require('node:fs');
const path = require('node:path');
const { filesOf } = require('../scripts/pack.js');
const { assertFailed, runWithInput, start, temporaryFiles } = require('./helpers/program.js');
const { root } = require('./helpers/installed.js');

const PROGRAM = path.join(root, 'mini-map-reduce.js');
const INDEX = path.join(root, 'index.js');
const SEED = path.resolve(root, '../shared/seed/mini-map-reduce.js');

const { folder, file } = temporaryFiles(test);

/* ---------- WITHOUT ARGUMENTS ---------- */

const IDS = [0, 1, 2, 3];
const LINES = [
  '🚀 Mini Map-Reduce starting',
  ...IDS.map((id) => `🧵 Worker ${id} mapping [ ${2 * id + 1}, ${2 * id + 2} ]`),
  ...IDS.map((id) => `🧵 Worker ${id} waiting at barrier`),
  '📉 Reduce result = 36 ',
  ...IDS.map((id) => `✅ Worker ${id} exiting`),
];
const PHASES =
  /^\n🚀 .*\n\n(?:🧵 Worker \d (?:mapping|waiting) .*\n){8}\n📉 .*\n\n(?:✅ Worker \d exiting\n){4}$/u;

/**
 * @param {import('ava').ExecutionContext} t
 * @param {import('./helpers/child.js').Ended} result
 */
function printsEveryLine(t, { code, stdout, stderr }) {
  t.is(stderr, '');
  t.is(code, 0);
  const lines = stdout.split('\n').filter((line) => line !== '');
  t.deepEqual(lines.sort(), LINES.toSorted());
}

test.serial(
  'without arguments: every line once, phase after phase, 20 times in a row',
  async (t) => {
    for (let i = 0; i < 20; i++) {
      const result = await runWithInput(PROGRAM, []);
      printsEveryLine(t, result);
      t.regex(result.stdout, PHASES);
      for (const id of IDS) {
        const mapping = result.stdout.indexOf(`Worker ${id} mapping`);
        t.true(mapping < result.stdout.indexOf(`Worker ${id} waiting`));
      }
    }
  },
);

test.serial('a reader of the output that leaves early is not an error', async (t) => {
  const { child, ended } = start(PROGRAM, []);
  child.stdout.destroy();
  const { code, signal, stderr } = await ended;
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
});

for (const [death, reported] of [
  [`throw new Error('planted')`, 'worker 1 died: Error: planted'],
  ['throw null', 'worker 1 died: null'],
  ['process.exit(7)', 'worker 1 died with exit code 7'],
]) {
  test.serial(
    `a worker that dies by ${death} ends the program, while the others wait`,
    async (t) => {
      const planted = file(
        'planted.cjs',
        `if (require('node:worker_threads').workerData?.id === 1) ${death};`,
      );
      const { code, stderr } = await runWithInput(PROGRAM, [], {
        execArgv: ['--require', planted],
      });
      t.is(stderr, `mini-map-reduce: ${reported}\n`);
      t.is(code, 1);
    },
  );
}

const title = "the document's own program runs with its four classes replaced by one require line";
if (fs.existsSync(SEED)) {
  test.serial(title, async (t) => {
    const seed = fs.readFileSync(SEED, 'utf8');
    const names = ['Mutex', 'Condition', 'Barrier', 'Latch'];
    let source = seed;
    for (const name of names) {
      const definition = new RegExp(`^class ${name} \\{\\n[^]*?^\\}\\n`, 'm');
      t.regex(source, definition);
      source = source.replace(definition, '');
    }
    const required = `const { ${names.join(', ')} } = require(${JSON.stringify(INDEX)});\n`;
    source = source.replace(/^.*require\("worker_threads"\);\n/, (line) => line + required);
    t.is(source.split('require(').length, 3);
    t.notRegex(source, /^class |Atomics/m);

    const program = file('seed.js', source);
    for (let i = 0; i < 20; i++) printsEveryLine(t, await runWithInput(program, []));
  });
} else {
  test.skip(`${title} (skipped: there is no ${SEED})`, () => {});
}

/* ---------- WITH ARGUMENTS ---------- */

test.serial('with files it hands over to examples/sum', async (t) => {
  const numbers = file('numbers', '1 2 3');
  for (const [args, input] of [
    [['--workers', '2', numbers], ''],
    [[numbers], ''],
    [['-'], '1 2 3'],
  ]) {
    const { code, stdout, stderr } = await runWithInput(PROGRAM, [...args], { input: `${input}` });
    t.is(stderr, '');
    t.is(code, 0);
    t.regex(stdout, /^count {5}3\nsum {7}6\ntime {6}.* s\nspeed-up {2}.*\n$/);
  }
  const help = await runWithInput(PROGRAM, ['--help']);
  t.regex(help.stdout, /^Usage: node examples\/sum /);
  const refused = await runWithInput(PROGRAM, ['--workers', '2']);
  assertFailed(t, 'examples/sum', refused, /--workers needs files/);
});

test.serial(
  'the published package has the short program, which says where the other is',
  async (t) => {
    const installed = path.join(folder, 'installed');
    const files = filesOf(root);
    t.true(files.includes('mini-map-reduce.js'));
    t.false(files.some((/** @type {string} */ name) => name.startsWith('examples')));
    const addon = fs.readdirSync(root).filter((name) => name.endsWith('.node'));
    for (const name of [...files, ...addon]) {
      fs.mkdirSync(path.dirname(path.join(installed, name)), { recursive: true });
      fs.copyFileSync(path.join(root, name), path.join(installed, name));
    }
    const program = path.join(installed, 'mini-map-reduce.js');
    printsEveryLine(t, await runWithInput(program, []));
    for (const args of [['--workers', '2', program], ['--help']]) {
      const refused = await runWithInput(program, args);
      assertFailed(t, 'mini-map-reduce', refused, /examples\/sum.* in the repository/);
    }
  },
);
