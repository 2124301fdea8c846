import type { Container } from '../pod.ts'

/** What a language needs in a container. */
export interface LanguageInjection {
  readonly variables: readonly Variable[]
  /** A container with a smaller memory limit has no room for it; bytes. */
  readonly memoryBytesMin: number
  /** Native code is loaded from the files, which mounted images forbid (noexec). */
  readonly isNative: boolean
  /** Why it must not be, as the rest of a sentence. */
  refuse?(container: Container): string | undefined
}

export interface Variable {
  readonly name: string
  /** `old`: what it is now, or a reference to it. */
  readonly extend: (old: string | undefined) => string
}

export const MiB = 1024 ** 2

export const literal = (name: string, value: string): Variable => ({ name, extend: () => value })
/** Options separated by blanks. */
export const option = (name: string, value: string): Variable => ({
  name,
  extend: (old) => (old === undefined ? value : `${old} ${value}`),
})
/** A path with entries separated by colons: `first` before what is there, `last` after it. */
export const path = (
  name: string,
  { first, last }: { readonly first?: string; readonly last?: string },
): Variable => ({
  name,
  extend: (old) => [first, old, last].filter((part) => part !== undefined).join(':'),
})
