import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'

/** What a figure was measured on; without it a figure means nothing. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  readonly os: string
  readonly node: string
  readonly engine: string
  readonly commit: string
  readonly date: string
}

export function describeMachine(engine: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    os: osName(),
    node: process.version,
    engine: `ClickHouse ${engine} (chdb ${chdbVersion()})`,
    commit: commit(),
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
  }
}

export function machineText(machine: Machine): string {
  const { cpu, cores, memoryGib, os, node, engine, commit, date } = machine
  return `${cores} cores of ${cpu}, ${memoryGib} GiB, ${os}; Node ${node}, ${engine}; commit ${commit}, ${date} UTC`
}

function osName(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}

function chdbVersion(): string {
  const require = createRequire(new URL('../../../collector/embedded/engine.ts', import.meta.url))
  const { version } = JSON.parse(readFileSync(require.resolve('chdb/package.json'), 'utf8')) as {
    version: string
  }
  return version
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'collector') ? ' and changes' : ''}`
  } catch {
    return 'unknown'
  }
}
