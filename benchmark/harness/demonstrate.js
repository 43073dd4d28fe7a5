// @ts-check
'use strict';

const { OURS } = require('../rivals/index.js');

/** A fault that depends on the moment may stay away for a while. */
const PERSISTENCE_MS = 4000;

/**
 * Runs the same work over the hand-rolled classes, until they fail, and over ours, which must not.
 * @param {(rival: string) => Promise<{ right: boolean, text: string }>} run
 */
async function demonstrate(run) {
  /** @type {(rival: string, text: string) => void} */
  const tell = (rival, text) => console.log(`${rival.padEnd(11)}  ${text}`);

  const started = performance.now();
  let runs = 1;
  let theirs = await run('hand-rolled');
  while (theirs.right && performance.now() - started < PERSISTENCE_MS) {
    runs++;
    theirs = await run('hand-rolled');
  }
  tell('hand-rolled', runs === 1 ? theirs.text : `${theirs.text} (run ${runs})`);

  const ours = await run(OURS);
  tell(OURS, ours.text);
  if (!ours.right) {
    process.exitCode = 1;
  }
}

module.exports = { demonstrate };
