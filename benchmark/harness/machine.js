// @ts-check
'use strict';

const os = require('node:os');
const { name, version } = require('../../package.json');

/** What a figure means nothing without. */
function describeMachine() {
  const processors = os.cpus();
  return {
    package: `${name} ${version}`,
    date: new Date().toISOString(),
    runtime: `Node.js ${process.versions.node} (V8 ${process.versions.v8})`,
    system: `${os.type()} ${os.release()} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    load: os.loadavg()[0],
  };
}

/** @typedef {ReturnType<typeof describeMachine>} Machine */

/** @param {Machine} machine */
function formatMachine(machine) {
  return [
    `${machine.package}, measured ${machine.date}`,
    `${machine.runtime}, ${machine.system}`,
    `${machine.processors} x ${machine.processor}, load ${machine.load.toFixed(1)} at the start`,
  ].join('\n');
}

module.exports = { describeMachine, formatMachine };
