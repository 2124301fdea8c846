import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const resultsDirectory = join(import.meta.dirname, '../results')

/** A Markdown table; numbers stand to the right. */
export function table(headers: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  const rule = headers.map((_, index) => (typeof rows[0]?.[index] === 'number' ? '---:' : '---'))
  return [line(headers), line(rule), ...rows.map((row) => line(row.map(cell)))].join('\n')
}

/** Whole numbers get separators of thousands; others three significant digits. */
function cell(value: string | number): string {
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return '–'
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

export function writeResults(name: string, { markdown, data }: { markdown: string; data: unknown }): void {
  mkdirSync(resultsDirectory, { recursive: true })
  writeFileSync(join(resultsDirectory, `${name}.md`), `${markdown.trim()}\n`)
  writeFileSync(join(resultsDirectory, `${name}.json`), `${JSON.stringify(data, null, 2)}\n`)
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value that this share of the values does not pass. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN
}
