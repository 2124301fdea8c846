/** Resolves on SIGINT, SIGTERM, or when the parent that started this process with an IPC channel is gone. */
export function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
    if (process.send) process.once('disconnect', () => resolve('the parent process ended'))
  })
}
