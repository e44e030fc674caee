// Preloaded into every process and thread of a run: appends the files that are loaded there to LOADS, a line each, behind the thread's name.
const { appendFileSync } = require('node:fs');
const Module = require('node:module');
const { isMainThread } = require('node:worker_threads');

const compile = Module.prototype._compile;
Module.prototype._compile = function (content, file, ...more) {
  appendFileSync(process.env.LOADS, `${isMainThread ? 'main' : 'data'}\t${file}\n`);
  return compile.call(this, content, file, ...more);
};
