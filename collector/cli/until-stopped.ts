/**
 * Resolves on SIGINT, SIGTERM, or when the parent that started this process with an IPC channel is gone. A second signal
 * has its usual effect: the process ends at once.
 */
export function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (why: string) => {
      for (const signal of signals) process.removeListener(signal, stop)
      resolve(why)
    }
    for (const signal of signals) process.on(signal, stop)
    if (process.send) process.once('disconnect', () => resolve('the parent process ended'))
  })
}

const signals = ['SIGINT', 'SIGTERM'] as const
