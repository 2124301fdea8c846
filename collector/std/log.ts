import { type Logger, pino } from 'pino'

export type Log = Logger

/** JSON lines on standard error (standard output belongs to commands). Per batch, never per record. WARN: recovered, nothing lost. ERROR: data lost or a human is needed. */
export function createLog({ name, level = 'info' }: { name: string; level?: string }): Log {
  return pino({ name, level, base: { name } }, pino.destination({ fd: 2, sync: true }))
}

export const silentLog: Log = pino({ level: 'silent' })
