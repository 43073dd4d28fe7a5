// @ts-check
'use strict';

const { OURS } = require('../rivals/index.js');

/** A fault that depends on the moment may stay away; seldom this often. */
const TRIES = 10;

/**
 * Runs the same work over the hand-rolled classes, until they fail, and over ours, which must not.
 * @param {(rival: string) => Promise<{ right: boolean, text: string }>} run
 */
async function demonstrate(run) {
  /** @param {string} rival */
  const show = async (rival) => {
    const { right, text } = await run(rival);
    console.log(`${rival.padEnd(11)}  ${text}`);
    return right;
  };
  let tries = 1;
  while ((await show('hand-rolled')) && tries < TRIES) {
    tries++;
  }
  if (!(await show(OURS))) {
    process.exitCode = 1;
  }
}

module.exports = { demonstrate };
