/** The one place that loads ONNX Runtime's native library: when a model is first needed, and with its telemetry off. */
import { isMainThread } from 'node:worker_threads';
import { ConfigurationError } from '#core/errors.ts';
import { TELEMETRY_OFF } from '#pipeline/environment.ts';

export type OnnxRuntime = typeof import('onnxruntime-node');

/**
 * The library reads its switch from the process's environment when it is first used. It is therefore imported here and not
 * at the head of a file, where an import runs before any statement. A worker thread's `process.env` is a copy that the
 * library never sees: there the process must have been started with the switch, or its main thread have been here before.
 *
 * @throws ConfigurationError in a worker thread of a process whose environment does not say so, or where the library does
 *   not load on this machine
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
