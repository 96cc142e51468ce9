/** Measures the CPU time and peak resident memory of processes, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** The usage of a process, or of all processes of one name, while it was watched. */
export interface Usage {
  readonly cpuS: number;
  /** VmHWM: the largest resident set since the process began. */
  readonly peakMb: number;
}

interface Sample {
  readonly parent: number;
  readonly cpuS: number;
  readonly peakMb: number;
  readonly command: string;
}

/** USER_HZ is 100 on every Linux that Node runs on (proc(5), sysconf(3)). */
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 100;

/** Watches processes until `stop`, which returns the usage by name. */
export interface Watch {
  stop(): ReadonlyMap<string, Usage>;
}

/**
 * Watches all processes for which `nameOf` returns a name. CPU time counts from now, or from the process's start if that is
 * later. For several processes of one name, CPU times are added, and the largest peak is returned.
 */
export function watchProcesses(nameOf: (command: string, pid: number, parent: number) => string | undefined): Watch {
  const seen = new Map<number, { name: string; startS: number; endS: number; peakMb: number }>();
  const look = (isFirst: boolean): void => {
    for (const pid of pids()) {
      const sample = sampleOf(pid);
      const name = sample && nameOf(sample.command, pid, sample.parent);
      if (sample === undefined || name === undefined) continue;
      const { startS } = seen.get(pid) ?? { startS: isFirst ? sample.cpuS : 0 };
      seen.set(pid, { name, startS, endS: sample.cpuS, peakMb: sample.peakMb });
    }
  };
  look(true);
  const timer = setInterval(() => look(false), SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      look(false);
      const used = new Map<string, Usage>();
      for (const { name, startS, endS, peakMb } of seen.values()) {
        const { cpuS, peakMb: before } = used.get(name) ?? { cpuS: 0, peakMb: 0 };
        used.set(name, { cpuS: cpuS + endS - startS, peakMb: Math.max(before, peakMb) });
      }
      return used;
    },
  };
}

const pids = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Undefined if the process has ended. */
function sampleOf(pid: number): Sample | undefined {
  try {
    // The name in parentheses may hold anything; the fields after it are numbers (proc(5): state is field 3).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
    const peakKb = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return {
      parent: parent ?? 0,
      cpuS: ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND,
      peakMb: Number(peakKb ?? 0) / 1024,
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}
