// @ts-check
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
require('../shared/setup.js');
const { layout } = require('../..');
const { command, count } = require('../../scripts/command.js');
const { runWorkers } = require('../shared/workers.js');
const { Ledger, Report, ledgerLayout } = require('./ledger.js');
const { Server } = require('./server.js');

/** @typedef {import('./load.js').Sample} Sample */

const USAGE = `Usage: node examples/http-server [options]

Serves a table of accounts over HTTP, while workers compute on it, and measures how fast.

  --workers 2       how many workers compute
  --accounts 50000  how many accounts
  --clients 8       how many clients send requests
  --requests 150    how many requests each sends
  --port 0          where to listen; 0 is any free port
  --serve           no clients: serve until Ctrl-C
  --help            print this`;

const OPTIONS = /** @type {const} */ ({
  workers: { type: 'string', default: '2' },
  accounts: { type: 'string', default: '50000' },
  clients: { type: 'string', default: '8' },
  requests: { type: 'string', default: '150' },
  port: { type: 'string', default: '0' },
  serve: { type: 'boolean', default: false },
});

command(USAGE, OPTIONS, async (values) => {
  const workers = count('--workers', values.workers, 1, 64);
  const accounts = count('--accounts', values.accounts, 2, 1_000_000);
  const clients = count('--clients', values.clients, 1, 1000);
  const requests = count('--requests', values.requests, 1, 1_000_000);
  const portToTake = count('--port', values.port, 0, 65_535);

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'http-server-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

  const memory = layout(ledgerLayout(accounts));
  const ledger = new Ledger(memory);
  ledger.open(); // before another thread has the memory
  const journal = path.join(folder, 'journal');
  const server = new Server(memory, journal);
  const port = await server.listen(portToTake);
  const computing = runWorkers(path.join(__dirname, 'worker.js'), workers, {
    accounts,
    ledger: memory.share(),
  });

  if (values.serve) tellHowToAsk(port, journal);
  else {
    const run = loadRun({ port, clients, requests, accounts, total: ledger.due });
    const { samples, seconds, delay } = await Promise.race([run, computing.then(() => run)]);
    tell(samples, seconds, `${clients} clients, ${workers} workers, ${accounts} accounts`);
    console.log(`\nthe event loop was late by ${inMs(delay.p50)} (p50), ${inMs(delay.p99)} (p99)`);
    checkJournal(journal, samples);
    memory.stop.release();
  }
  await computing;
  await server.close();

  assert.equal(ledger.total, ledger.due, 'all of the money is there');
  const { [Report.NUMBER]: reports, [Report.GINI]: gini } = memory.report;
  assert(reports > 0, 'the workers have worked');
  console.log(`the workers made ${reports} reports; inequality in the last ${gini.toFixed(3)}`);
});

/**
 * Sends requests from a thread of its own, so that the clients do not take the time of the server's.
 *
 * @param {{ port: number, clients: number, requests: number, accounts: number, total: number }} options
 */
async function loadRun(options) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const start = performance.now();
  histogram.enable();
  /** @type {Sample[]} */
  let samples = [];
  const onMessage = (/** @type {Sample[]} */ message) => (samples = message);
  await runWorkers(path.join(__dirname, 'load.js'), 1, options, { onMessage });
  histogram.disable();
  assert.equal(samples.length, options.clients * options.requests, 'all are answered');
  const late = (/** @type {number} */ p) => Math.max(0, histogram.percentile(p) / 1e6 - 1);
  const seconds = (performance.now() - start) / 1000;
  return { samples, seconds, delay: { p50: late(50), p99: late(99) } };
}

/**
 * @param {Sample[]} samples
 * @param {number} seconds
 * @param {string} title
 */
function tell(samples, seconds, title) {
  console.log(`${title}\n\n            requests       p50       p99       max`);
  for (const kind of ['summary', 'account', 'transfer', undefined]) {
    const times = samples
      .filter((sample) => kind === undefined || sample.kind === kind)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
    if (times.length === 0) continue;
    const at = (/** @type {number} */ share) => inMs(times[Math.ceil(share * times.length) - 1]);
    const columns = [at(0.5), at(0.99), at(1)].map((text) => text.padStart(10));
    console.log(
      `${(kind ?? 'all').padEnd(10)}${String(times.length).padStart(10)}${columns.join('')}`,
    );
  }
  const refused = samples.filter(({ status }) => status === 409).length;
  const rate = (samples.length / seconds).toFixed();
  console.log(`\n${rate} requests a second; ${refused} transfers refused: not enough money`);
}

/**
 * Each transfer is in the journal, in order, once.
 *
 * @param {string} journal
 * @param {Sample[]} samples
 */
function checkJournal(journal, samples) {
  const done = samples.filter(({ kind, status }) => kind === 'transfer' && status === 200).length;
  const text = fs.existsSync(journal) ? fs.readFileSync(journal, 'utf8') : '';
  const numbers = text
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(line.split(' ')[0]));
  assert.deepEqual(
    numbers,
    Array.from({ length: done }, (_, i) => i + 1),
  );
  console.log(`${done} transfers are in the journal, in order`);
}

/**
 * @param {number} port
 * @param {string} journal
 */
function tellHowToAsk(port, journal) {
  const url = `http://127.0.0.1:${port}`;
  console.log(`curl ${url}/
curl ${url}/accounts/7
curl -X POST '${url}/transfers?from=7&to=8&amount=100'
The journal is ${journal}. Ctrl-C ends it.`);
}

/** @param {number} ms */
const inMs = (ms) => `${ms.toFixed(1)} ms`;
