/**
 * Reads foreign JSON without trusting its shape: a field that is absent, null or of another type reads as the neutral
 * value. The API server is trusted to be well-meaning, not to be of our version.
 */
export type Json = { readonly [key: string]: unknown }

const emptyObject: Json = {}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : emptyObject
}

export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : []
}

const textLengthMax = 65_536

export function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, textLengthMax) : ''
}

export function texts(value: unknown): Record<string, string> {
  const entries = Object.entries(object(value)).filter(([, one]) => typeof one === 'string')
  return Object.fromEntries(entries) as Record<string, string>
}

export function integer(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : 0
}

export function count(value: unknown): number {
  return Math.max(0, integer(value))
}

/** RFC 3339 to Unix ms; 0 when absent or unreadable. */
export function timeMs(value: unknown): number {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(parsed) && parsed > 0 ? parsed : 0
}
