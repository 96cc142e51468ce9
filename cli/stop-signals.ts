/** The signals that end a program which works until it is stopped. */

/** What is still at work then, such as a call that ignores its signal, is given up. A service manager waits longer. */
const GIVEN_UP_AFTER_MS = 4_000;

/** Aborted by the first SIGTERM or Ctrl-C. The process ends within five seconds, whatever it waits for; a second one ends it at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      stop.abort();
      setTimeout(() => process.exit(), GIVEN_UP_AFTER_MS).unref();
    });
  return stop.signal;
}

/** SIGHUP asks a program to read its settings again. Each call returns a signal that the next SIGHUP aborts. */
export function hangUpSignals(): () => AbortSignal {
  let next = new AbortController();
  process.on('SIGHUP', () => next.abort());
  return () => {
    if (next.signal.aborted) next = new AbortController();
    return next.signal;
  };
}

const LOOKED_AT_EVERY_MS = 2_000;

/**
 * Each call returns a signal that is aborted when there is another deployment than before.
 *
 * @param deployment identifies the deployment; undefined while there is none
 */
export function deploymentSignals(deployment: () => string | undefined): () => AbortSignal {
  let next = new AbortController();
  let last = deployment();
  setInterval(() => {
    const now = deployment();
    if (now === undefined || now === last) return;
    last = now;
    next.abort();
  }, LOOKED_AT_EVERY_MS).unref();
  return () => {
    if (next.signal.aborted) next = new AbortController();
    return next.signal;
  };
}
