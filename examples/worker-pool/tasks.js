// @ts-check
'use strict';

/**
 * What the workers can do: each a function of one argument, which travels as JSON.
 *
 * @type {{ [task: string]: (argument: any) => unknown }}
 */
const tasks = {
  /** How many primes there are from `from` up to, but not including, `to`. */
  countPrimes({ from, to }) {
    let primes = 0;
    for (let n = Math.max(from, 2); n < to; n++) if (isPrime(n)) primes++;
    return primes;
  },

  /** A task that fails: an answer like any other, for the caller. */
  fail({ message }) {
    throw new RangeError(message);
  },
};

/** @param {number} n */
function isPrime(n) {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}

module.exports = { tasks };
