// @ts-check
'use strict';

// Notices a thread that has the turn and comes to no point: it loops without one, or it is blocked elsewhere.

const inspector = require('node:inspector');
const { isMainThread } = require('node:worker_threads');
const { native } = require('../realm.js');

/** How often the thread that explores looks, in milliseconds. */
const INTERVAL_MS = 100;
/** How long it waits for the stack of a worker. */
const STACK_MS = 1_000;
/** What is reported where a worker cannot be paused. */
const BLOCKED = 'blocked outside Atomics and this package';

/**
 * Calls `stalled` with the index of a thread that has had the turn for too long. Returns a function that ends the watch.
 *
 * @param {() => number | undefined} exploration its number, once it has begun
 * @param {number} limit in milliseconds
 * @param {(index: number) => void} stalled
 */
function watchStalls(exploration, limit, stalled) {
  if (limit === Infinity) return () => {};
  let last = '';
  let since = performance.now();
  const timer = setInterval(() => {
    const number = exploration();
    // A debugger may stop a thread for as long as its user likes.
    if (number === undefined || inspector.url() !== undefined) return;
    const { schedules, points, turn } = native.exploreProgress(number);
    const now = performance.now();
    const state = `${schedules} ${turn} ${points.join(' ')}`;
    if (state !== last || turn === undefined) {
      last = state;
      since = now;
    } else if (now - since >= limit) {
      clearInterval(timer);
      stalled(turn);
    }
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}

/**
 * The stack of a worker, wherever it is. Workers of a worker are found, too.
 *
 * @param {number} threadId
 * @returns {Promise<string>}
 */
async function stackOf(threadId) {
  const session = new inspector.Session();
  if (isMainThread) session.connect();
  else session.connectToMainThread();
  try {
    return await pausedStack(session, threadId);
  } catch {
    return BLOCKED;
  } finally {
    session.disconnect();
  }
}

/**
 * @param {inspector.Session} session
 * @param {number} threadId
 * @returns {Promise<string>}
 */
function pausedStack(session, threadId) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(BLOCKED), STACK_MS);
    /** @type {string | undefined} */
    let sessionId;
    /** @type {Map<string, string>} */
    const files = new Map();
    let id = 0;
    const send = (/** @type {string} */ method, params = {}) => {
      const message = JSON.stringify({ id: ++id, method, params });
      session.post('NodeWorker.sendMessageToWorker', {
        sessionId: /** @type {string} */ (sessionId),
        message,
      });
    };
    /** @param {string} stack */
    const end = (stack) => {
      clearTimeout(timer);
      if (sessionId !== undefined) {
        send('Debugger.resume');
        // Without this the worker could not be terminated.
        send('Debugger.disable');
      }
      session.post('NodeWorker.disable', () => resolve(stack));
    };
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // The inspector numbers workers in its own way, and has the threadId in the title only.
      if (!params.workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      ({ sessionId } = params);
      send('Debugger.enable');
      send('Debugger.pause');
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId !== sessionId) return;
      const { method, params: event } = JSON.parse(params.message);
      if (method === 'Debugger.scriptParsed') files.set(event.scriptId, event.url);
      if (method === 'Debugger.paused') end(framesOf(event.callFrames, files));
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}

/**
 * @param {any[]} callFrames
 * @param {Map<string, string>} files
 */
function framesOf(callFrames, files) {
  return callFrames
    .map(({ functionName, location, url }) => {
      const file = files.get(location.scriptId) || url;
      const place = `${file}:${location.lineNumber + 1}:${location.columnNumber + 1}`;
      return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
    })
    .join('\n');
}

module.exports = { BLOCKED, stackOf, watchStalls };
