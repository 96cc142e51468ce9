/**
 * What a process takes to import one module, CPU time in ms: `start.mjs FILE`. Plain JavaScript, so that nothing is loaded before
 * that Lambda's runtime would not load.
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
// A function stays for its messages; what it holds open is not waited for.
process.exit();
