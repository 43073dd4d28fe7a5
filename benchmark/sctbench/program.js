// @ts-check
'use strict';

// The form of the programs in this folder: each has a fault, and a right version.

const CELLS = 64;

/**
 * @typedef {{ cells: Int32Array }} Data shared memory, where a zeroed cell is a fresh primitive
 * @typedef {(data: Data) => void} Body
 *
 * @typedef {object} Version what explore() runs
 * @property {() => Data} setup
 * @property {Body[] | Record<string, Body>} threads
 * @property {(data: Data) => void} [check]
 *
 * @typedef {object} Asked
 * @property {boolean} right whether without the fault
 * @property {number} threads one of the program's sizes
 *
 * @typedef {object} Kind
 * @property {number[]} sizes numbers of threads
 * @property {Record<number, number>} [initial] cells that do not begin at zero
 * @property {(asked: Asked) => Omit<Version, 'setup'>} create
 */

/**
 * A module that explore() can run as it is: then with the fault, and with the least number of threads.
 * @param {Kind} kind
 */
function program({ sizes, initial = {}, create }) {
  const setup = () => {
    const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
    for (const [cell, value] of Object.entries(initial)) cells[Number(cell)] = value;
    return { cells };
  };
  const version = (/** @type {Asked} */ asked) => ({ setup, ...create(asked) });
  return { ...version({ right: false, threads: sizes[0] }), sizes, version };
}

/**
 * As many equal threads.
 * @param {number} count
 * @param {Body} body
 */
const times = (count, body) => Array(count).fill(body);

module.exports = { program, times };
