/** The thread of the watchdog. It counts the seconds in which the program's counter did not move. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Watch } from './watchdog.ts';

const { counter, limitS, line } = workerData as Watch; // what `startWatchdog` sends
const turns = new Int32Array(counter);
/** The program gets this long to end by itself. */
const GRACE_S = 5;
const STANDARD_ERROR = 2;

let last = Atomics.load(turns, 0);
let stoodStillS = 0;

// Seconds are counted, and not read from a clock: a machine that slept has not stood still.
setInterval(() => {
  const now = Atomics.load(turns, 0);
  stoodStillS = now === last ? stoodStillS + 1 : 0;
  last = now;
  if (stoodStillS === limitS) {
    writeSync(STANDARD_ERROR, `${line}\n`);
    parentPort?.postMessage('stalled');
  }
  if (stoodStillS === limitS + GRACE_S) process.kill(process.pid, 'SIGKILL');
}, 1_000);
