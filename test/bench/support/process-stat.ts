import { readdirSync, readFileSync } from 'node:fs'

/** Figures of a process from /proc (Linux). */
export function cpuSecondsOf(pid: number): number {
  const fields = statFields(pid)
  // User and system time, in ticks of a hundredth of a second (USER_HZ is 100 on every Linux that we know).
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export interface ResidentBytes {
  readonly now: number
  readonly max: number
  /** Without pages of files, which the kernel can drop and share. */
  readonly anonymous: number
}

export function residentBytesOf(pid: number): ResidentBytes {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return { now: kib('VmRSS') * 1024, max: kib('VmHWM') * 1024, anonymous: kib('RssAnon') * 1024 }
}

/** The processes that this one started and that are still there. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => {
      try {
        return Number(statFields(candidate)[1]) === pid
      } catch {
        return false
      }
    })
}

/** The fields behind the name, which may hold spaces and parentheses: state is the first, the parent the second. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
