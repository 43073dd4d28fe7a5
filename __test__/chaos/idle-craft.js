// @ts-check
'use strict';

/** The baseline: the same plan, and no addon. @type {import('./supervisor.js').Craft} */
const idleCraft = {
  file: 'idle-worker.js',
  inspect: () => [],
  blocked: () => ({ has: () => true }),
  dispose: () => {},
  release: () => {},
  verify: () => {},
};

module.exports = { idleCraft };
