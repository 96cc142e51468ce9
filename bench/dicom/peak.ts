import { readFileSync } from 'node:fs';

/** VmHWM of this process, MB (proc(5)): the most memory it ever had resident. Unlike getrusage it leaves out its parent. */
export function peakMb(): number {
  const peakKb = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(peakKb) / 1024;
}
