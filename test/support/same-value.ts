/** Whether two values of rows are the same: bytes by their content, maps whatever the order of their keys, -0 not as 0. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((one, index) => sameValue(one, b[index]))
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false
    for (const [key, one] of a) if (!b.has(key) || !sameValue(one, b.get(key))) return false
    return true
  }
  return sameRow(a as Record<string, unknown>, b as Record<string, unknown>)
}

function sameRow(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => sameValue(a[name], b[name]))
}

/** The columns that differ, for a message. */
export function differences(a: object, b: object): string {
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .filter((name) => !sameValue(left[name], right[name]))
    .map((name) => `${name}: ${show(left[name])} | ${show(right[name])}`)
    .join('\n')
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, one) => {
    if (typeof one === 'bigint') return `${one}n`
    if (one instanceof Map) return [...one]
    if (one?.type === 'Buffer') return Buffer.from(one.data).toString('hex')
    return one
  })
  return text === undefined ? 'undefined' : text.slice(0, 600)
}
