/** Numbers as people read them, for sentences. */
export function ms(value: number): string {
  if (value >= 60_000) return `${digits(value / 60_000)} min`
  if (value >= 1_000) return `${digits(value / 1_000)} s`
  if (value < 1 && value > 0) return `${digits(value * 1_000)} µs`
  return `${digits(value)} ms`
}

export const percent = (share: number): string => `${digits(share * 100)} %`
export const cores = (millicores: number): string => `${digits(millicores)} mCPU`
export const bytes = (value: number): string =>
  value >= 1024 ** 3 ? `${digits(value / 1024 ** 3)} GiB` : `${digits(value / 1024 ** 2)} MiB`

/** Three significant digits. */
export function digits(value: number): string {
  if (Math.abs(value) >= 999.5) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}

/** A, B and C; the rest as a number. */
export function list(names: readonly string[], max = 3): string {
  if (names.length > max) return `${names.slice(0, max).join(', ')} and ${names.length - max} more`
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** `tier:cart` is cart, `database:postgresql:shop` the database shop. */
export function nameOfParty(party: string): string {
  const [type = '', system = '', ...rest] = party.split(':')
  if (type === 'database' || type === 'queue') return `${type} ${rest.join(':') || system}`
  return party.slice(type.length + 1)
}
