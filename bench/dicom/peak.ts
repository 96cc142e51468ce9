import { readFileSync } from 'node:fs';

/** VmHWM of this process, MB (proc(5)): its peak resident memory. Unlike getrusage, it does not include the parent's. */
export function peakMb(): number {
  const peakKb = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(peakKb) / 1024;
}
