const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Unix ms, `now`, `now-15m`; undefined for anything else. */
export function parseTime(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs
  const relative = /^now-(\d{1,5})([smhdw])$/.exec(text)
  if (relative) return nowMs - Number(relative[1]) * (unitMs[relative[2] ?? ''] ?? 0)
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

const names: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'd', w: 'weeks' }

/** "Last 1 h" for ranges that end now; undefined for others. */
export function nameOfRange(from: string, to: string): string | undefined {
  const relative = /^now-(\d{1,5})([smhdw])$/.exec(from)
  return relative && to === 'now' ? `Last ${relative[1]} ${names[relative[2] ?? '']}` : undefined
}
