// @ts-check
'use strict';

/**
 * The process that one measurement is made in: nothing that another rival left behind (compiled code,
 * call sites that saw two classes, a heap) can weigh on it.
 */

const { loadRival } = require('../rivals/index.js');

/**
 * @param {import('./process.js').Order} order
 * @returns {Promise<import('./process.js').Reply>}
 */
async function carryOut(order) {
  try {
    const rival = loadRival(order.rival);
    if (order.job === 'probe') {
      return { value: rival.isAvailable?.() ?? true };
    }
    if (rival.carryOut) {
      return { value: await rival.carryOut(order) };
    }
    const { question } = require(`../questions/${order.question}.js`);
    return { value: await question[order.job](order.rival, order.params, order.quick) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

// Ends the process also where the benchmark was interrupted: no process would read the answer.
process.once('disconnect', () => process.exit());
process.once('message', async (/** @type {import('./process.js').Order} */ order) => {
  process.send?.(await carryOut(order), () => process.disconnect());
});
