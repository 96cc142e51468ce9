/** Loads ONNX Runtime's native library when a model is first needed, with its telemetry off. No other file loads it. */
import { isMainThread } from 'node:worker_threads';
import { ConfigurationError } from '#core/errors.ts';
import { TELEMETRY_OFF } from '#pipeline/environment.ts';

export type OnnxRuntime = typeof import('onnxruntime-node');

/**
 * The library reads the telemetry switch from the process's environment on its first use. The import is therefore dynamic: a
 * static one would run before the switch is set. A worker thread's `process.env` is a copy that the library never sees, so a
 * worker thread needs a process that was started with the switch or whose main thread has called this function.
 *
 * @throws ConfigurationError in a worker thread of a process without the switch, or if the library does not load on this
 *   machine
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  for (const [name, value] of Object.entries(TELEMETRY_OFF)) {
    if (!isMainThread && process.env[name] !== value) {
      throw new ConfigurationError(
        `ONNX Runtime would send telemetry from this thread: start the process with ${name}=${value}`,
      );
    }
    process.env[name] = value;
  }
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    const machine = `${process.platform} on ${process.arch}`;
    throw new ConfigurationError(
      `ONNX Runtime cannot be loaded on this machine, ${machine}${code}: models cannot run`,
      {
        cause,
      },
    );
  }
}
