import { readFileSync } from 'node:fs';

/**
 * The peak resident memory of this process, in bytes. Read from /proc if it exists, because getrusage gives a child the
 * peak of the process that started it.
 */
export function peakRssBytes(): number {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kib !== undefined) return Number(kib) * 1024;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return process.resourceUsage().maxRSS * 1024;
}
