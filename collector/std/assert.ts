/** A broken invariant of ours: crashes the process rather than going on with wrong state. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`BUG: ${message}`)
}

export function assertNever(value: never): never {
  throw new Error(`BUG: unexpected value ${JSON.stringify(value)}`)
}

/** For messages: the text of anything thrown, with its causes. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message || error.name
  const cause = error.cause === undefined ? '' : errorText(error.cause)
  return cause === '' || own.includes(cause) ? own : `${own}: ${cause}`
}
