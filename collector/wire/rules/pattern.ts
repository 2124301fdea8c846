import { RE2JS } from 're2js'

/**
 * A text, or `/expression/` or `/expression/i` in RE2 syntax. The engine runs in linear time, so that no pattern can stall
 * the intake. Lengths are bounded by the schema (record/ingest-rule.ts).
 */
export type Matches = (text: string) => boolean

/** Whether any of the patterns is the whole text. Throws with the key of the first bad one. */
export function parseMatches(key: string, patterns: string | readonly string[]): Matches {
  const list = typeof patterns === 'string' ? [patterns] : patterns
  const texts = new Set(list.filter((pattern) => expressionOf(pattern) === undefined))
  const expressions = list.flatMap((pattern) => {
    const expression = expressionOf(pattern)
    return expression === undefined ? [] : [compile(key, pattern, expression)]
  })
  if (expressions.length === 0) return (text) => texts.has(text)
  return (text) => texts.has(text) || expressions.some((expression) => expression.testExact(text))
}

/** Replaces what the pattern finds anywhere in a text. */
export type Replace = (text: string, replacement: (found: string) => string) => string

export function parseReplace(key: string, pattern: string): Replace {
  const expression = expressionOf(pattern)
  if (expression === undefined)
    return (text, replacement) =>
      text.includes(pattern) ? text.replaceAll(pattern, () => replacement(pattern)) : text
  const compiled = compile(key, pattern, expression)
  if (compiled.test(''))
    throw new Error(`cannot use ${key} ${JSON.stringify(pattern)}: it matches the empty text`)
  return (text, replacement) =>
    compiled.test(text)
      ? compiled.matcher(text).replaceAll((found: string) => (found === '' ? '' : replacement(found)))
      : text
}

interface Expression {
  readonly source: string
  readonly flags: number
}

function expressionOf(pattern: string): Expression | undefined {
  const [, source, flag] = /^\/(.+)\/(i?)$/s.exec(pattern) ?? []
  if (source === undefined) return undefined
  // A line break in a log body is a character like any other.
  return { source, flags: RE2JS.DOTALL | (flag === 'i' ? RE2JS.CASE_INSENSITIVE : 0) }
}

function compile(key: string, pattern: string, { source, flags }: Expression): RE2JS {
  try {
    return RE2JS.compile(source, flags)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`cannot use ${key} ${JSON.stringify(pattern)}: ${why}`, { cause })
  }
}
