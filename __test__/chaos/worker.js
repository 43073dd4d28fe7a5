// @ts-check
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { actors } = require('./actors/index.js');
const { Context } = require('./context.js');
const { Random } = require('./random.js');
const { Tasks } = require('./tasks.js');

/** The number of operations between two turns of the event loop. */
const BATCH = 40;
/** The percentage of operations that are visits: operations of an actor that the worker is no member of. */
const VISITS = 60;
/** The percentage of visits that are by promise. */
const PROMISES = 25;
/** The percentage of batches after which the pending tasks get time. */
const BREAKS = 50;

/** @type {import('./supervisor.js').WorkerData} */
const { plan, memory, slot, incarnation } = workerData;
const context = new Context(plan, memory, slot);
const tasks = new Tasks(context);
context.tasks = tasks;
const { actor, member } = plan.roles[slot];
const works = Object.entries(actors).map(([name, { work }]) => ({
  name,
  ...work(context, plan.actors[name]),
}));
const own = works.find(({ name }) => name === actor);
const byPromise = works.flatMap(({ task }) => task ?? []);

parentPort?.on('message', () => Atomics.add(context.view, plan.cells.messages + slot, 1));

/** @param {number} step */
function run(step) {
  const random = new Random(plan.seed, slot, incarnation, step);
  if (own?.member && !random.chance(VISITS)) return own.member(random, member);
  if (random.chance(PROMISES)) {
    const begin = random.pick(byPromise);
    return tasks.launch((task) => begin(task, random));
  }
  return random.pick(works).visit(random);
}

/** @param {number} step */
async function runBatch(step) {
  try {
    for (const end = step + BATCH; step < end && !context.stopped; step++) {
      // Also before the first operation of a batch: the event loop has turned since.
      if (tasks.pending) await tasks.calm();
      const pending = run(step);
      // Only the promise forms return a promise: the others block this thread.
      if (pending) await pending;
    }
    if (!context.stopped) {
      if (new Random(plan.seed, slot, incarnation, step).chance(BREAKS)) await tasks.breathe();
      setImmediate(runBatch, step);
      return;
    }
    if (tasks.pending) await tasks.calm();
    own?.finish?.(member);
    await tasks.end();
  } catch (error) {
    context.violation(`${/** @type {Error} */ (error).stack}`);
  }
  parentPort?.close();
}

runBatch(0);
