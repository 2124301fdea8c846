import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'

/** CPU time and memory of named processes while something runs. */
export interface ProcessFigures {
  readonly cpuSeconds: number
  /** Resident, every second. */
  readonly residentMib: readonly number[]
  readonly residentMibMax: number
}

export interface ProcessWatch {
  stop(): Record<string, ProcessFigures>
}

const everyMs = 1_000

export function watchProcesses(pids: Readonly<Record<string, number>>): ProcessWatch {
  const began = new Map(Object.entries(pids).map(([name, pid]) => [name, cpuSecondsOf(pid)]))
  const resident = new Map<string, number[]>(Object.keys(pids).map((name) => [name, []]))
  const sample = () => {
    for (const [name, pid] of Object.entries(pids)) resident.get(name)?.push(mib(residentBytesOf(pid).now))
  }
  sample()
  const timer = setInterval(sample, everyMs)
  return {
    stop() {
      clearInterval(timer)
      sample()
      return Object.fromEntries(
        Object.entries(pids).map(([name, pid]) => [
          name,
          {
            cpuSeconds: cpuSecondsOf(pid) - (began.get(name) ?? 0),
            residentMib: resident.get(name) ?? [],
            residentMibMax: Math.max(...(resident.get(name) ?? [0])),
          },
        ]),
      )
    },
  }
}

const mib = (bytes: number) => Math.round(bytes / 1024 ** 2)
