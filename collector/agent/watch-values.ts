import { errorText } from '../std/assert.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { AgentConfig } from './config-schema.ts'
import type { Settings } from './settings.ts'

/**
 * Reads the configuration again every few seconds: kubelet swaps a ConfigMap's files by renaming a symbolic link, of which
 * file system events tell nothing reliable.
 */
export async function watchValues(
  { read, settings, clock, log }: { read: () => AgentConfig; settings: Settings; clock: Clock; log: Log },
  { intervalMs, signal }: { intervalMs: number; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal)
    if (signal.aborted) return
    const known = settings.valuesProblem()
    try {
      settings.setValues(read())
      if (known !== '') log.info('the configuration file can be used again')
    } catch (error) {
      const problem = errorText(error)
      if (problem !== known)
        log.error({ cause: problem }, 'the configuration file changed and cannot be used')
      settings.setValues(problem)
    }
  }
}
