import { RE2JS } from 're2js'
import { errorText } from '../std/assert.ts'

/**
 * Namespace names or regular expressions, anchored at both ends (a plain name is its own expression). The engine runs in
 * linear time, so that no pattern from a form can stall the agent.
 * Limits: `patternsMax` patterns of `patternLengthMax` characters; beyond them the configuration is refused.
 */
export interface Pattern {
  readonly text: string
  matches(name: string): boolean
}

export const patternLengthMax = 256
export const patternsMax = 1000

/** Throws with the key of the first bad pattern. */
export function parsePatterns(key: string, patterns: readonly string[]): readonly Pattern[] {
  if (patterns.length > patternsMax) {
    throw new Error(`cannot use ${key}: ${patterns.length} patterns, at most ${patternsMax} are allowed`)
  }
  return patterns.map((text, index) => parsePattern(`${key}[${index}]`, text))
}

function parsePattern(key: string, text: string): Pattern {
  if (text === '') throw new Error(`cannot use ${key}: the pattern is empty`)
  if (text.length > patternLengthMax) {
    throw new Error(`cannot use ${key}: the pattern is longer than ${patternLengthMax} characters`)
  }
  try {
    const expression = RE2JS.compile(text)
    return { text, matches: (name) => expression.testExact(name) }
  } catch (cause) {
    throw new Error(`cannot use ${key} ${JSON.stringify(text)}: ${errorText(cause)}`, { cause })
  }
}
