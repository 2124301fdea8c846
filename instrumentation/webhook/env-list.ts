import type { EnvVar } from './pod.ts'

/**
 * The variables of a container while they are added to. A container sees the last entry of a name, and `$(NAME)` of entries
 * before it: so what is there keeps its place, and what others refer to comes first.
 */
export interface EnvList {
  has(name: string): boolean
  /** The text of a literal one. */
  text(name: string): string | undefined
  /** In front of everything, so that all may refer to it. */
  addFirst(entries: readonly EnvVar[]): void
  /** Unless it is there. */
  add(name: string, value: string): void
  /**
   * Puts something to the value it has. One that comes from somewhere else is kept as ORIGINAL_<name> and referred to.
   */
  extend(name: string, extended: (old: string | undefined) => string): void
  entries(): readonly EnvVar[]
}

export const originalOf = (name: string) => `ORIGINAL_${name}`

export function createEnvList(initial: readonly EnvVar[]): EnvList {
  const entries = [...initial]
  const find = (name: string) => entries.findLastIndex((entry) => entry.name === name)
  return {
    has: (name) => find(name) >= 0,
    text: (name) => textOf(entries[find(name)]),
    addFirst(added) {
      entries.unshift(...added.filter(({ name }) => find(name) < 0))
    },
    add(name, value) {
      if (find(name) < 0) entries.push({ name, value })
    },
    extend(name, extended) {
      const at = find(name)
      const entry = entries[at]
      if (!entry) entries.push({ name, value: extended(undefined) })
      else if (!entry.valueFrom)
        entries[at] = { name, value: extended(entry.value?.trim() === '' ? undefined : entry.value) }
      else {
        const original = originalOf(name)
        entries.splice(at, 1, { ...entry, name: original }, { name, value: extended(`$(${original})`) })
      }
    },
    entries: () => entries,
  }
}

function textOf(entry: EnvVar | undefined): string | undefined {
  return entry && !entry.valueFrom ? (entry.value ?? '') : undefined
}
