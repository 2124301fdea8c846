import { readFileSync } from 'node:fs'
import { errorText } from '../std/assert.ts'

export interface SwitchedOff {
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly reason: string
}

/**
 * Workloads that the agent has switched off, read again when asked: a mounted ConfigMap changes by a swap of symlinks. A file
 * that is not there: none; one that cannot be read: those known before.
 */
export interface SwitchedOffFile {
  current(): readonly SwitchedOff[]
  reread(): void
  problem(): string
}

/** Of a ConfigMap; what is beyond it is none of ours. */
const bytesMax = 1024 ** 2
export const entriesMax = 10_000

export function openSwitchedOff(path: string): SwitchedOffFile {
  let known: readonly SwitchedOff[] = []
  let text = ''
  let problem = ''
  const file: SwitchedOffFile = {
    current: () => known,
    problem: () => problem,
    reread() {
      try {
        const now = readIfThere(path)
        if (now !== text) known = parse(now)
        text = now
        problem = ''
      } catch (error) {
        problem = `cannot read what is switched off in ${path}: ${errorText(error)}`
      }
    },
  }
  file.reread()
  return file
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function parse(text: string): readonly SwitchedOff[] {
  if (text.trim() === '') return []
  if (text.length > bytesMax) throw new Error(`it is longer than ${bytesMax} characters`)
  const list: unknown = JSON.parse(text)
  if (!Array.isArray(list)) throw new Error('it is no list')
  if (list.length > entriesMax) throw new Error(`it has more than ${entriesMax} entries`)
  return list.map((entry: unknown, index) => {
    const { namespace, kind, name, reason } = (entry ?? {}) as Record<string, unknown>
    if (typeof namespace !== 'string' || typeof kind !== 'string' || typeof name !== 'string')
      throw new Error(`entry ${index} lacks namespace, kind or name`)
    return { namespace, kind, name, reason: typeof reason === 'string' ? reason : '' }
  })
}
