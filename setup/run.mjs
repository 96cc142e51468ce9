// Programs that the set-up runs. Plain JavaScript for Node 20, without packages.
import { spawn } from 'node:child_process';

/** Runs a program to its end and never throws. Returns whether it succeeded, its exit code, its stdout, and all of its output. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, output] = [[], []];
    child.stdout.on('data', (chunk) => {
      stdout.push(chunk);
      output.push(chunk);
    });
    child.stderr.on('data', (chunk) => output.push(chunk));
    const end = (code, text) =>
      resolve({ ok: code === 0, code, stdout: Buffer.concat(stdout).toString(), output: text });
    child.once('error', (error) => end(undefined, error.message));
    child.once('close', (code) => end(code, Buffer.concat(output).toString()));
  });
}

/**
 * What a program prints to stdout.
 *
 * @throws Error with the last lines of the program's output, if the program fails
 */
export async function outputOf(command, args, options) {
  const { ok, code, stdout, output } = await run(command, args, options);
  const end = code === undefined ? 'did not start' : `ended with ${code}`;
  if (!ok) throw new Error(`${command} ${end}: ${output.trim().split('\n').slice(-8).join('\n')}`);
  return stdout;
}

/** The npm command: the npm that called us, or else the one on the PATH. */
export function npm(...args) {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script, ...args]] : ['npm', args];
}
