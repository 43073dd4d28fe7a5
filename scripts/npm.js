// @ts-check
'use strict';

/**
 * How to start npm, as arguments of `spawn`. npm says where it is when it runs this program; by itself `npm` is a script that
 * Windows starts only through a shell.
 *
 * @template {object} O
 * @param {string[]} args
 * @param {O} options
 * @returns {[string, string[], O & { shell: boolean }]}
 */
function npmCommand(args, options) {
  const own = process.env.npm_execpath;
  return own?.endsWith('.js')
    ? [process.execPath, [own, ...args], { ...options, shell: false }]
    : ['npm', args, { ...options, shell: process.platform === 'win32' }];
}

module.exports = { npmCommand };
