/** Progress on standard error: the running step is redrawn on a terminal, a line each otherwise. NO_COLOR is honoured. */
const live = process.stderr.isTTY === true
const dim =
  live && !process.env['NO_COLOR'] ? (text: string) => `\u001b[2m${text}\u001b[0m` : (text: string) => text

export function say(text: string): void {
  process.stderr.write(`${live ? '\r\u001b[K' : ''}${text}\n`)
}

/** A figure that changes while a step runs. In a pipe it would be noise. */
export function sayNow(text: string): void {
  if (live) process.stderr.write(`\r\u001b[K${dim(text)}`)
}

export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  sayNow(`${title} …`)
  const result = await work()
  say(`${title} ${dim(`(${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)}`)
  return result
}
