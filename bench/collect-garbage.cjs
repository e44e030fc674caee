// Preloaded into every process and thread of a run: twice a minute, all at the same time, each collects its garbage and appends what is left
// to COLLECTED, a line each: time, process, thread, its heap and buffers, and the resident memory of its process, in bytes.
const { appendFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { threadId } = require('node:worker_threads');

const everyMs = 30_000;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const { memoryUsage, pid } = process;
const { now } = Date;

function wait() {
  setTimeout(measure, everyMs - (now() % everyMs)).unref();
}

function measure() {
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { heapUsed, external, rss } = memoryUsage();
  appendFileSync(process.env.COLLECTED, `${now()}\t${pid}\t${threadId}\t${heapUsed + external}\t${rss}\n`);
  wait();
}
wait();
