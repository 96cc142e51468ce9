/**
 * Measures the CPU time of importing one module, ms: `start.mjs FILE`. It is plain JavaScript, so that it loads nothing that
 * Lambda's runtime would not load.
 */
import { pathToFileURL } from 'node:url';

const msOf = ({ user, system }) => (user + system) / 1000;
const { href } = pathToFileURL(process.argv[2]);
const before = process.cpuUsage();
const start = performance.now();
await import(href);
const wallMs = performance.now() - start;
const importMs = msOf(process.cpuUsage(before));
process.stdout.write(JSON.stringify({ importMs, wallMs, processMs: msOf(process.cpuUsage()) }));
// A function keeps its process alive to wait for messages.
process.exit();
