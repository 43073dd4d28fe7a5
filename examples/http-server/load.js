// @ts-check
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');

const KINDS = /** @type {const} */ (['summary', 'account', 'transfer']);

/**
 * @typedef {{ kind: typeof KINDS[number], status: number, ms: number }} Sample
 * @type {{ port: number, clients: number, requests: number, accounts: number, total: number }}
 */
const { port, clients, requests, accounts, total } = workerData;
const agent = new http.Agent({ keepAlive: true });
/** @type {Sample[]} */
const samples = [];

Promise.all(Array.from({ length: clients }, client)).then(() => {
  agent.destroy();
  parentPort?.postMessage(samples);
});

/** Sends one request after another, each as soon as the last one is answered. */
async function client() {
  for (let i = 0; i < requests; i++) {
    const kind = KINDS[i % KINDS.length];
    const start = performance.now();
    const { status, body } = await send(kind);
    samples.push({ kind, status, ms: performance.now() - start });
    assert(status === 200 || status === 409, `${kind}: ${status} ${JSON.stringify(body)}`);
    if (kind === 'summary') assert.equal(body.total, total, 'no transfer is seen half done');
  }
}

/** @param {Sample['kind']} kind */
function send(kind) {
  const [from, to, amount] = [accounts, accounts, 100].map((n) => Math.floor(Math.random() * n));
  if (kind === 'summary') return request('GET', '/');
  if (kind === 'account') return request('GET', `/accounts/${from}`);
  return request('POST', `/transfers?from=${from}&to=${to}&amount=${amount + 1}`);
}

/**
 * @param {string} method
 * @param {string} path
 * @returns {Promise<{ status: number, body: any }>}
 */
function request(method, path) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, port, host: '127.0.0.1', method, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      });
    });
    request.on('error', reject).end();
  });
}
