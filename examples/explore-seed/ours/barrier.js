// @ts-check
'use strict';

module.exports = require('../bodies.js').barrier(require('../../..'));
