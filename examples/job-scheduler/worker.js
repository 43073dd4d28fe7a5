// @ts-check
'use strict';

const { workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { jobs } = require('./jobs.js');
const { Scheduler, schedulerLayout } = require('./scheduler.js');

/** @type {{ id: number, slowness: number, share: unknown }} */
const { id, slowness, share } = workerData;
const scheduler = new Scheduler(layout.from(share, schedulerLayout));

for (let job = scheduler.take(id); job !== null; job = scheduler.take(id)) {
  compute(jobs[job].ms * slowness);
  scheduler.finish(job);
}

/** @param {number} ms */
function compute(ms) {
  for (const end = performance.now() + ms; performance.now() < end;);
}
