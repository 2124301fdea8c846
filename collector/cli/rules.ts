import { readFileSync } from 'node:fs'
import { loadServiceConfig } from '../service/config.ts'
import { errorText } from '../std/assert.ts'
import { type Change, type DryRun, dryRun, type ItemChange } from '../wire/rules/dry-run.ts'

export interface RulesOptions {
  readonly config?: string
  /** OTLP/JSON; `-`: standard input. */
  readonly test?: string
  readonly items: number
  readonly json?: boolean
}

/** `binnacle rules`: checks the ingest rules of a configuration, and shows what they would do to an OTLP/JSON request. */
export async function runRules(options: RulesOptions): Promise<number> {
  const { ingest } = loadServiceConfig({ file: options.config, env: process.env })
  if (options.test === undefined) {
    process.stdout.write(`${ingest.rules.length} ingest rules, all of them can be used\n`)
    return 0
  }
  const request = readRequest(options.test)
  const result = dryRun(ingest, { request, nowMs: Date.now(), itemsMax: options.items })
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : text(result))
  return 0
}

function readRequest(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
  } catch (error) {
    throw new Error(`cannot read the request ${file}: ${errorText(error)}`, { cause: error })
  }
}

function text({ signal, received, stored, rejected, weight, rules, items }: DryRun): string {
  const filtered = rules.reduce((sum, rule) => sum + rule.filtered, 0)
  const standFor = signal === 'traces' ? ` (they stand for ${Number(weight.toFixed(2))})` : ''
  const malformed = rejected > 0 ? `, ${rejected} malformed` : ''
  const width = Math.max(4, ...rules.map(({ name }) => name.length))
  return [
    `${signal}: ${received} received = ${stored} stored${standFor} + ${filtered} filtered${malformed}`,
    '',
    `${'rule'.padEnd(width)}  ${'meets'.padStart(8)}  ${'filters'.padStart(8)}`,
    ...rules.map(
      ({ name, meets, filtered: away }) =>
        `${name.padEnd(width)}  ${String(meets).padStart(8)}  ${String(away).padStart(8)}`,
    ),
    '',
    items.length === 0 ? 'nothing is changed' : `the first ${items.length} that are changed:`,
    ...items.flatMap(itemLines),
    '',
  ].join('\n')
}

function itemLines({ item, filteredBy, changes }: ItemChange, index: number): string[] {
  const head = `${index + 1}. ${item}${filteredBy === undefined ? '' : `: filtered by ${filteredBy}`}`
  return [head, ...changes.map(changeLine)]
}

const valueCharsMax = 120

function changeLine({ at, before, after }: Change): string {
  const shown = (value: string | undefined) =>
    value === undefined ? '(none)' : JSON.stringify(value.slice(0, valueCharsMax))
  return `   ${at}: ${shown(before)} → ${shown(after)}`
}
