// @ts-check
'use strict';

// A schedule as a table: a column a thread, a row an operation.

const path = require('node:path');

/** The most rows, and the widest column. */
const [MOST_ROWS, MOST_WIDTH] = [120, 60];

/** @typedef {import('./controller.js').Log} Log */

/**
 * @typedef {object} Traced
 * @property {string[]} names of the threads
 * @property {Log} log
 * @property {import('./thread.js').ThreadResult['trace'][]} traces by thread
 * @property {string[]} operations the names of all operations
 */

/**
 * What a thread did, at one step.
 *
 * @typedef {{ step: number, thread: number, text: string }} Row
 */

/**
 * An operation, and where the program calls it. The place stands whole even if the column is too narrow for both.
 *
 * @param {string} label
 * @param {string} site
 */
function placed(label, site) {
  const place = path.basename(site);
  const room = MOST_WIDTH - place.length - 2;
  return `${label.length > room ? `${label.slice(0, Math.max(0, room - 3))}...` : label}  ${place}`;
}

/** @param {Traced} traced */
function rowsOf({ log, traces, operations }) {
  /** @type {Row[]} */
  const rows = [];
  /** How many operations of each thread have begun. @type {number[]} */
  const begun = [];
  let previous = -1;
  log.steps.forEach(({ thread, operation, before }, step) => {
    if (before) {
      begun[thread] = (begun[thread] ?? 0) + 1;
      rows.push({
        step,
        thread,
        text: describe(traces, operations, thread, begun[thread], operation),
      });
    } else if (previous !== thread) {
      // The thread was overtaken in the operation, or waited in it.
      rows.push({ step, thread, text: `... ${operations[operation]} done` });
    }
    previous = thread;
  });
  return rows;
}

/**
 * @param {Traced['traces']} traces
 * @param {string[]} operations
 * @param {number} thread
 * @param {number} number of the thread's operation, from 1
 * @param {number} operation
 */
function describe(traces, operations, thread, number, operation) {
  const entry = traces[thread]?.[number - 1];
  if (entry === undefined) return operations[operation];
  return entry.site === '' ? entry.label : placed(entry.label, entry.site);
}

/**
 * The table of a schedule, and what each blocked thread waits for.
 * @param {Traced} traced
 */
function tableOf(traced) {
  const { names, log, traces, operations } = traced;
  const rows = rowsOf(traced);
  const widths = names.map((name, thread) =>
    Math.min(
      MOST_WIDTH,
      Math.max(
        name.length,
        ...rows.filter((row) => row.thread === thread).map(({ text }) => text.length),
      ),
    ),
  );
  const line = (/** @type {string} */ first, /** @type {string[]} */ cells) =>
    `${first.padStart(6)}  ${cells.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd();
  const cut = rows.length - MOST_ROWS;
  const shown = cut > 0 ? rows.slice(-MOST_ROWS) : rows;
  const lines = [
    line('step', names),
    ...(cut > 0 ? [line('...', [`(${cut} operations before)`])] : []),
    ...shown.map(({ step, thread, text }) =>
      line(
        String(step + 1),
        names.map((_, i) => (i === thread ? text.slice(0, MOST_WIDTH) : '')),
      ),
    ),
  ];
  return {
    text: lines.join('\n'),
    /** @param {number[]} blocked */
    waits(blocked) {
      return blocked.map((thread) => {
        const steps = log.steps.filter((step) => step.thread === thread && step.before);
        const last = steps.at(-1);
        const what =
          last === undefined
            ? 'its start'
            : describe(traces, operations, thread, steps.length, last.operation);
        return { thread: names[thread], waitsFor: what };
      });
    },
  };
}

module.exports = { tableOf };
