/**
 * The text of an object as the API server wrote it, with of its managedFields only the newest time: of the rest nobody asks,
 * and it is a quarter of a pod and a third of the time and garbage of parsing one.
 *
 * Left alone is what is not spelled as API servers spell it (no spaces), or does not end.
 */
export function withoutManagedFields(json: string): string {
  const at = json.indexOf(key)
  // In a text the quotes would be escaped; behind a backslash the first one belongs to a longer key.
  if (at === -1 || json.charCodeAt(at - 1) === backslash) return json
  const start = at + key.length
  let newest = ''
  let depth = 1
  for (let i = start; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === quote) {
      if (depth === 2 && json.startsWith(timeKey, i)) {
        const time = json.slice(i + timeKey.length, json.indexOf('"', i + timeKey.length))
        if (time > newest && !time.includes('\\')) newest = time
      }
      i = endOfText(json, i)
    } else if (code === 0x7b || code === 0x5b) depth++
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) {
      const told = newest === '' ? '' : `{"time":"${newest}"}`
      return json.slice(0, start) + told + json.slice(i)
    }
  }
  return json
}

const key = '"managedFields":['
const timeKey = '"time":"'
const quote = 0x22
const backslash = 0x5c

/** Where the text that begins at `from` has its closing quote. */
function endOfText(json: string, from: number): number {
  for (let i = from + 1; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === quote) return i
    if (code === backslash) i++
  }
  return json.length
}
