import type { InjectionWorkload } from '@binnacle/collector/api/injection'

/** As filters and the URL have them. */
export const stateWord = {
  off: 'switched off',
  restart: 'needs a restart',
  skipped: 'skipped',
  injected: 'injected',
} as const

/** A workload may have pods of several. */
export function statesOf({ switchedOff, restart, skipped, injected }: InjectionWorkload): readonly string[] {
  return [
    ...(switchedOff === '' ? [] : [stateWord.off]),
    ...(restart > 0 ? [stateWord.restart] : []),
    ...(skipped > 0 ? [stateWord.skipped] : []),
    ...(injected > 0 ? [stateWord.injected] : []),
  ]
}
