/**
 * A process that loads the modules of `hilum inspect`, waits until idle, and inspects one file: `node inspect-one.ts FILE`. Prints
 * the outcome, CPU time and memory as JSON.
 */
import { setTimeout } from 'node:timers/promises';
import { createDecoder } from '#adapters/decoder/decoder.ts';
import { inspectFiles } from '#cli/inspect-files.ts';
import { peakRssBytes } from './memory.ts';

const [path = ''] = process.argv.slice(2);
const decoder = createDecoder();
await setTimeout(50);
const idleBytes = process.memoryUsage.rss();
const idleCpu = process.cpuUsage();

const [inspected] = await inspectFiles([path], [], decoder);

const { user, system } = process.cpuUsage(idleCpu);
const refusal = inspected === undefined || inspected.ok ? undefined : inspected.code;
process.stdout.write(
  JSON.stringify({ refusal, cpuMs: (user + system) / 1000, idleBytes, grownBytes: peakRssBytes() - idleBytes }),
);
