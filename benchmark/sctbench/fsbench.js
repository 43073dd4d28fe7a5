// @ts-check
'use strict';

// Each thread allocates a block for an inode. There are more inodes than locks for them, so that the last thread finds no
// lock.

const assert = require('node:assert/strict');
const { Mutex } = require('../../index.js');
const { program } = require('./program.js');

const BLOCKS = 4;
const [INODE_LOCKS, BLOCK_LOCKS, INODES, BUSY] = [0, BLOCKS, 16, 32];

module.exports = program({
  sizes: [BLOCKS + 1],
  create({ right, threads }) {
    const inodes = right ? BLOCKS : threads;
    const allocate =
      (/** @type {number} */ thread) =>
      (/** @type {import('./program.js').Data} */ { cells }) => {
        const locks = (/** @type {number} */ from) =>
          Array.from({ length: BLOCKS }, (_, i) => new Mutex(cells, from + i));
        const inode = thread % inodes;
        const inodeLock = locks(INODE_LOCKS)[inode];
        const blockLocks = locks(BLOCK_LOCKS);
        inodeLock.lock();
        for (let tried = 0; tried < BLOCKS && cells[INODES + inode] === 0; tried++) {
          const block = (2 * inode + tried) % BLOCKS;
          blockLocks[block].lock();
          if (cells[BUSY + block] === 0) {
            cells[BUSY + block] = 1;
            cells[INODES + inode] = block + 1;
          }
          blockLocks[block].unlock();
        }
        inodeLock.unlock();
      };
    return {
      threads: Array.from({ length: threads }, (_, thread) => allocate(thread)),
      check({ cells }) {
        const blocks = cells.slice(INODES, INODES + BLOCKS);
        assert.equal(new Set(blocks).size, BLOCKS, 'two inodes have one block');
      },
    };
  },
});
