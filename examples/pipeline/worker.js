// @ts-check
'use strict';

const { workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { pipelineLayout } = require('./layouts.js');
const { stages } = require('./stages.js');

/** @type {{ stage: keyof typeof stages, capacity: number, share: unknown, job: import('./stages.js').Job }} */
const { stage, capacity, share, job } = workerData;
stages[stage](layout.from(share, pipelineLayout(capacity)), job);
