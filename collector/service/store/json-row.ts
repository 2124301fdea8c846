/**
 * Parses a row of JSONEachRow with unquoted 64-bit integers: those beyond 2^53 become bigint, where JSON.parse alone would
 * round them; all others are numbers.
 */
export function parseRow(line: string): unknown {
  return mayHoldLargeInteger.test(line) ? JSON.parse(line, exactInteger) : JSON.parse(line)
}

/** Cheap and generous (a digit string in a text value matches too): the slow way is taken only for such rows. */
const mayHoldLargeInteger = /\d{16}/

function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}
