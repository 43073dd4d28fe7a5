// @ts-check
'use strict';

const { STATISTICS } = require('./statistics.js');

/** @param {number} bytes */
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/**
 * @param {number[]} numbers
 * @param {number} part from 0 to 1
 */
function quantile(numbers, part) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + (number ?? 0), 0);

/**
 * All results of a run, by name.
 *
 * @param {import('./supervisor.js').Supervisor} supervisor
 * @param {number} memoryAfter the memory of the process, in bytes, when all workers had ended
 * @returns {Record<string, number | string>}
 */
function results(supervisor, memoryAfter) {
  const { context, crew } = supervisor;
  const { cells, workers } = context.plan;
  const operations = context.view.slice(cells.progress, cells.progress + workers);
  const times = crew.terminationTimes;
  const taken = crew.snapshots.map((snapshot) => snapshot.taken);
  const read = crew.snapshots.map((snapshot) => snapshot.read);
  const bytes = crew.snapshots.map((snapshot) => snapshot.bytes);
  return {
    operations: sum([...operations]),
    terminations: times.length,
    'termination p50, ms': quantile(times, 0.5).toFixed(1),
    'termination p99, ms': quantile(times, 0.99).toFixed(1),
    'termination worst, ms': quantile(times, 1).toFixed(1),
    snapshots: crew.snapshots.length,
    'snapshot taken, worst, ms': quantile(taken, 1).toFixed(0),
    'snapshot read, worst, ms': quantile(read, 1).toFixed(0),
    'snapshot, largest': megabytes(quantile(bytes, 1)),
    'main thread held up, p99, ms': (supervisor.delay.percentile(99) / 1e6).toFixed(0),
    'main thread held up, worst, ms': (supervisor.delay.max / 1e6).toFixed(0),
    messages: sum(crew.sent),
    'messages received': sum([...context.view.slice(cells.messages, cells.messages + workers)]),
    inspections: supervisor.inspections,
    ...Object.fromEntries(STATISTICS.map((name) => [name, context.counted(name)])),
    'memory with all workers': megabytes(supervisor.memory),
    'memory at most': megabytes(supervisor.peak),
    'memory at the end': megabytes(memoryAfter),
    violations: Atomics.load(context.view, cells.violations),
    hangs: supervisor.hangs,
  };
}

/** @param {Record<string, number | string>} results */
function print(results) {
  for (const [name, value] of Object.entries(results)) console.log(`${name}: ${value}`);
}

module.exports = { print, results };
