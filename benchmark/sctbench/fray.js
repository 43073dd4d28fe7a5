// @ts-check
'use strict';

/**
 * What the authors of Fray published of one run of each program, translated to Java, under three of their strategies: the
 * schedules until the first failure, from 1; null where none failed. Source: data/results_mem.csv of
 * github.com/cmu-pasta/fray-benchmark at bd63a43 (2024-04-22), where reads and writes of shared fields are scheduling points as
 * our Atomics are, and schedules count from 0.
 *
 * @type {Record<string, { pos: number | null, pct: number | null, random: number | null }>}
 */
const fray = {
  account: { pos: 2, pct: 2, random: 2 },
  arithmetic: { pos: 1, pct: 1, random: 1 },
  bluetooth: { pos: 16, pct: 29, random: 7 },
  carter: { pos: 1, pct: 6, random: 2 },
  'circular-buffer': { pos: 1, pct: 1, random: 1 },
  deadlock: { pos: 1, pct: 3, random: 2 },
  fsbench: { pos: 1, pct: 1, random: 1 },
  lazy: { pos: 2, pct: 1, random: 1 },
  phase: { pos: 1, pct: 1, random: 1 },
  queue: { pos: 2, pct: 1, random: 1 },
  'reorder 3': { pos: 25, pct: 85, random: 60 },
  'reorder 4': { pos: 25, pct: 165, random: 19 },
  'reorder 5': { pos: 63, pct: 146, random: 365 },
  'reorder 10': { pos: null, pct: 389, random: null },
  'reorder 20': { pos: null, pct: 244, random: null },
  stack: { pos: 2, pct: 2, random: 1 },
  'sync-1': { pos: 1, pct: 1, random: 1 },
  'sync-2': { pos: 1, pct: 1, random: 1 },
  'token-ring': { pos: 2, pct: 2, random: 2 },
  'twostage 2': { pos: 7, pct: 6, random: 8 },
  'wronglock 4': { pos: 4, pct: 10, random: 8 },
  'wronglock 8': { pos: 6, pct: 80, random: 1 },
};

module.exports = { fray };
