// @ts-check
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { withClient } = require('./client.js');

const DEBIAN = '/usr/lib/postgresql'; // has a folder for each version
const STARTS_WITHIN_MS = 60_000;

/** The folder of PostgreSQL's programs, or null where it is not installed. */
function findPostgres() {
  if (process.platform === 'win32') return null; // it is talked to through a socket in a folder
  const versions = fs.existsSync(DEBIAN) ? fs.readdirSync(DEBIAN).sort().reverse() : [];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  folders.push(...versions.map((version) => path.join(DEBIAN, version, 'bin')));
  const hasAll = (/** @type {string} */ folder) =>
    ['initdb', 'postgres'].every((name) => fs.existsSync(path.join(folder, name)));
  return folders.find(hasAll) ?? null;
}

/** A server of its own in a temporary folder, which no other user can reach. */
class Postgres {
  #programs;
  #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connection-pool-'));
  #user = ordinaryUser();
  /** @type {import('node:child_process').ChildProcess | null} */
  #child = null;
  #log = '';

  /** @param {string} programs */
  constructor(programs) {
    this.#programs = programs;
    if (this.#user) fs.chownSync(this.#folder, this.#user.uid, this.#user.gid);
  }

  /** Where its socket is. */
  get folder() {
    return this.#folder;
  }

  /**
   * Fulfilled when it takes connections.
   *
   * @param {number} maxConnections
   */
  async start(maxConnections) {
    const data = path.join(this.#folder, 'data');
    const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '--locale=C'];
    await once(this.#spawn('initdb', initdb), 'close');
    if (this.#child?.exitCode !== 0) throw new Error(`initdb failed\n${this.#log}`);

    const settings = {
      listen_addresses: '', // the socket only: no port that might be taken
      port: 5432, // a part of the socket's name
      unix_socket_directories: this.#folder,
      max_connections: maxConnections,
      superuser_reserved_connections: 0,
      fsync: 'off', // the data is thrown away
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = this.#spawn('postgres', ['-D', data, ...options]);
    for (const start = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      try {
        return await withClient(this.#folder, 'start', async () => {});
      } catch (error) {
        const isOver = child.exitCode !== null || Date.now() - start > STARTS_WITHIN_MS;
        if (isOver) throw new Error(`postgres does not start\n${this.#log}`, { cause: error });
      }
    }
  }

  /** Ends it, with all of its connections, and removes the folder. */
  async stop() {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT'); // does not wait for the clients
      await once(child, 'close');
    }
    fs.rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20 });
  }

  /**
   * @param {string} program
   * @param {string[]} args
   */
  #spawn(program, args) {
    const child = spawn(path.join(this.#programs, program), args, {
      ...this.#user,
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.on('error', (error) => (this.#log += error));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#log += text));
    }
    this.#child = child;
    return child;
  }
}

/** PostgreSQL refuses to run as root: the user that its package makes, where this is root. */
function ordinaryUser() {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (/** @type {string} */ option) =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

module.exports = { Postgres, findPostgres };
