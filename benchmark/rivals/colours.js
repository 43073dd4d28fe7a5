// @ts-check
'use strict';

/**
 * Each rival in the same colour in every picture. They can be told apart without seeing red or green (after Okabe and Ito);
 * ours is the strongest, limits are grey.
 * @type {Readonly<Record<string, string>>}
 */
const COLOURS = Object.freeze({
  ours: '#0057b8',
  'ours-limited': '#79aee6',
  'hand-rolled': '#d55e00',
  atomics: '#e69f00',
  'atomics-writers-first': '#b07a00',
  v8: '#009e73',
  multithreading: '#cc79a7',
  'web-locks': '#7a5195',
  'post-message': '#56b4e9',
  'post-message-array': '#a6d8f5',
  'post-message-transfer': '#0e7fb8',
  ring: '#e69f00',
  'one-thread': '#8c6d31',
  'rust-std': '#4d4d4d',
  'rust-futex': '#8f8f8f',
  crossbeam: '#4d4d4d',
  'bare-cas': '#8f8f8f',
  'bare-load': '#8f8f8f',
  'bare-tsfn': '#8f8f8f',
  'no-lock': '#8f8f8f',
  'no-lock-active': '#bdbdbd',
});

module.exports = { COLOURS };
