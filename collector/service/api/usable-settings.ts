import { RE2JS } from 're2js'
import { Compile } from 'typebox/compile'
import {
  expressionOf,
  percentilesMax,
  percentilesOf,
  settingsBytesMax,
  type TransactionCondition,
  type TransactionRule,
  TransactionSettings,
} from '../../record/transaction-settings.ts'
import { errorText } from '../../std/assert.ts'

const settings = Compile(TransactionSettings)

/** '' when it can be used; else why not, with the key. */
export function whyUnusable(value: unknown): string {
  const bytes = Buffer.byteLength(JSON.stringify(value))
  if (bytes > settingsBytesMax) return `cannot use the settings: ${bytes} bytes, at most ${settingsBytesMax}`
  const [first] = settings.Errors(value)
  if (first) {
    const key = first.instancePath.slice(1).replaceAll('/', '.') || 'the settings'
    return `cannot use ${key}: it ${first.message === 'schema is false' ? 'is unknown' : first.message}`
  }
  const { rules = [], thresholds = [] } = value as TransactionSettings // Checked above.
  for (const [index, rule] of rules.entries()) {
    const problem = whyRuleUnusable(rule)
    if (problem) return `cannot use rules.${index} (${rule.label}): ${problem}`
  }
  const percentiles = percentilesOf({ thresholds })
  return percentiles.length > percentilesMax
    ? `cannot use thresholds: ${percentiles.length} different percentiles, at most ${percentilesMax}`
    : ''
}

function whyRuleUnusable({ when, action, name }: TransactionRule): string {
  for (const [index, condition] of when.entries()) {
    const problem = whyConditionUnusable(condition)
    if (problem) return `when.${index}: ${problem}`
  }
  if (action === 'exclude') return name === undefined ? '' : 'it excludes, and so gives no name'
  if (name === undefined) return 'name is missing'
  const groups = groupCount(when)
  for (const [text, word = '', argument = ''] of name.matchAll(/\{([^{}:]*):?([^{}]*)\}/g)) {
    switch (word) {
      case 'segment':
        if (!/^[1-9]\d?$/.test(argument)) return `name: ${text} needs a number from 1 to 99`
        break
      case 'group':
        if (!/^[1-9]$/.test(argument) || Number(argument) > groups)
          return `name: ${text}, but the first MATCHES_REGEX has ${groups} groups`
        break
      case 'attribute':
        if (argument === '') return `name: ${text} needs a key`
        break
      case 'method':
      case 'route':
      case 'operation':
      case 'service':
      case 'transaction':
        break
      default:
        // `{id}` in a name is text.
        if (argument !== '') return `name: ${text} is unknown`
    }
  }
  return ''
}

function whyConditionUnusable({ field, key, match, value, values }: TransactionCondition): string {
  const keyed = field === 'attribute' || field === 'header'
  if (keyed && key === undefined) return `key is missing: of which ${field}`
  if (!keyed && key !== undefined) return `key is of attributes and headers only, not of ${field}`
  switch (match) {
    case 'IS_NOT_EMPTY':
      return value === undefined && values === undefined ? '' : 'IS_NOT_EMPTY takes no value'
    case 'IS_IN_LIST':
      return values === undefined
        ? 'values are missing'
        : value === undefined
          ? ''
          : 'IS_IN_LIST takes values alone'
    default:
      if (value === undefined) return 'value is missing'
      if (values !== undefined) return `${match} takes a value alone`
      return match === 'MATCHES_REGEX' ? whyBadExpression(value) : ''
  }
}

function whyBadExpression(expression: string): string {
  try {
    RE2JS.compile(expression)
    return ''
  } catch (error) {
    return `value: ${errorText(error)}`
  }
}

function groupCount(when: readonly TransactionCondition[]): number {
  const expression = expressionOf(when)?.value
  return expression === undefined ? 0 : RE2JS.compile(expression).groupCount()
}
