// @ts-check
'use strict';

// How values become bytes, and bytes become values again.

const { Buffer } = require('node:buffer');
const { types } = require('node:util');
const { formatValue } = require('../arguments.js');
const { invalidArgType, invalidArgValue } = require('../errors.js');
const { otherCodec } = require('./errors.js');

/** The kinds of payloads. */
const BYTES = 0;
const VALUE = 1;

/**
 * @typedef {object} Codec
 * @property {(value: unknown) => Uint8Array} encode
 * @property {(bytes: Uint8Array) => unknown} decode
 * @property {{ stringify(value: unknown): string, parse(text: string): unknown }} [text] of a codec whose bytes are a text in
 * UTF-8: a short one is written and read without a Uint8Array of its own
 */

/**
 * Encodes a value. The error of one that has no encoding gets a code.
 *
 * @template Encoded
 * @param {(value: unknown) => Encoded | undefined} encode
 * @param {unknown} value
 * @returns {Encoded}
 */
function encoded(encode, value) {
  let reason = 'it has no text in JSON';
  try {
    const result = encode(value);
    if (result !== undefined) return result;
  } catch (error) {
    reason = /** @type {Error} */ (error).message;
  }
  throw invalidArgType(
    `A message must be a value that the codec of the channel encodes, but is ${formatValue(value)}: ${reason}`,
  );
}

/**
 * Decodes a message. The error of one that another codec has encoded gets a code.
 *
 * @template Encoded
 * @param {(encoded: Encoded) => unknown} decode
 * @param {Encoded} encoded
 */
function decoded(decode, encoded) {
  try {
    return decode(encoded);
  } catch (error) {
    throw otherCodec(error);
  }
}

/** @type {Codec} */
const clone = {
  // Loaded when a channel uses it first.
  encode: (value) => encoded(require('node:v8').serialize, value),
  decode: (bytes) => decoded(require('node:v8').deserialize, bytes),
};

/** @type {Codec} */
const json = {
  encode: (value) => Buffer.from(encoded(JSON.stringify, value)),
  decode: ({ buffer, byteOffset, length }) =>
    decoded(JSON.parse, Buffer.from(buffer, byteOffset, length).toString()),
  text: {
    stringify: (value) => encoded(JSON.stringify, value),
    parse: (text) => decoded(JSON.parse, text),
  },
};

/**
 * Returns the codec that `options.codec` says.
 * @param {unknown} codec
 * @returns {Codec}
 */
function codecOf(codec) {
  if (codec === undefined || codec === 'clone') return clone;
  if (codec === 'json') return json;
  const { encode, decode } = /** @type {any} */ (codec) ?? {};
  if (typeof encode === 'function' && typeof decode === 'function') {
    return {
      encode: (value) => assertBytes(encode(value)),
      decode: (bytes) => decode(bytes),
    };
  }
  const message = `options.codec must be 'clone', 'json' or { encode, decode }, but is ${formatValue(codec)}.`;
  throw typeof codec === 'string' ? invalidArgValue(message) : invalidArgType(message);
}

/**
 * @param {unknown} bytes
 * @returns {Uint8Array}
 */
function assertBytes(bytes) {
  if (types.isUint8Array(bytes)) return bytes;
  throw invalidArgType(
    `encode of options.codec must return a Uint8Array, but returned ${formatValue(bytes)}.`,
  );
}

/**
 * What a message travels as.
 * @param {unknown} value
 */
function kindOf(value) {
  if (types.isUint8Array(value)) return BYTES;
  if (value !== undefined) return VALUE;
  throw invalidArgType(
    'A message cannot be undefined, which tryReceive() returns if there is none. Send null.',
  );
}

module.exports = { BYTES, VALUE, codecOf, kindOf };
