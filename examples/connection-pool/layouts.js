// @ts-check
'use strict';

const { Semaphore } = require('../..');

/** @param {number} limit */
const poolLayout = (limit) => /** @type {const} */ ({ connections: [Semaphore, limit] });

module.exports = { poolLayout };
