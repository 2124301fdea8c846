/**
 * The only words this package says: on standard error, each once in ten minutes, whatever its numbers, and ten in a
 * process's life at the most. Somebody else's log is not ours to fill.
 */
const linesMax = 10
const againAfterMs = 600_000

export type Say = (text: string) => void

export function createSay(): Say {
  const saidAtMs: Record<string, number> = {}
  let lines = 0
  return (text) => {
    const now = Date.now()
    const shape = text.replace(/\d+/g, '#')
    const last = saidAtMs[shape]
    if (lines >= linesMax || (last !== undefined && now - last < againAfterMs)) return
    lines++
    saidAtMs[shape] = now
    try {
      process.stderr.write(`binnacle instrumentation: ${text}\n`)
    } catch {
      // Nobody reads; nothing more can be said.
    }
  }
}
