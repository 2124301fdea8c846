import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartsFolder } from '../../support/helm.ts'

/**
 * What Rancher's form makes of `questions.yaml` (rancher/dashboard, shell/components/Questions): a type it does not know is a
 * text field; `valid_chars` and `invalid_chars` are regular expressions, not lists; of `a!=b` it makes an expression that
 * does not parse, and shows the question always; a default counts only where values.yaml has none.
 */
interface Question {
  readonly variable: string
  readonly label: string
  readonly description?: string
  readonly type: string
  readonly group?: string
  readonly default?: unknown
  readonly required?: boolean
  readonly options?: readonly unknown[]
  readonly show_if?: string
  readonly valid_chars?: string
  readonly invalid_chars?: string
  readonly subquestions?: readonly Question[]
}

const types =
  /^(?:string|hostname|multiline|password|text|boolean|enum|int|float|questionMap|reference|configmap|secret|storageclass|pvc|cloudcredential|radio|yaml|array\[(?:string|multiline)\]|map\[(?:string|multiline)\]|reference\[[a-z0-9.]+\])$/
const keys = new Set(
  'variable label description tooltip type required default group min max min_length max_length options valid_chars invalid_chars show_if subquestions show_subquestion_if'.split(
    ' ',
  ),
)

describe.each(['binnacle-agent', 'binnacle'])('questions of chart %s', (chart) => {
  const read = (file: string): unknown => parse(readFileSync(join(chartsFolder, chart, file), 'utf8'))
  const values = read('values.yaml')
  const { questions } = read('questions.yaml') as { readonly questions: readonly Question[] }
  const all = questions.flatMap((question) => [
    question,
    ...(question.subquestions ?? []).map((sub) => ({ group: question.group, ...sub })),
  ])
  const named = all.map((question) => [question.variable, question] as const)

  test('no variable is asked for twice', () => {
    expect(all.map(({ variable }) => variable)).toHaveLength(
      new Set(all.map(({ variable }) => variable)).size,
    )
  })

  test.each(named)('%s is a value, of a type that Rancher knows, in a tab', (variable, question) => {
    expect(Object.keys(question).filter((key) => !keys.has(key))).toEqual([])
    expect(question.type).toMatch(types)
    const value = at(values, variable)
    expect(value, `${variable} in values.yaml`).toBeDefined()
    expect(typeOf(question.type)).toBe(Array.isArray(value) ? 'array' : typeof value)
    expect(question.group ?? '').not.toBe('')
    if (question.type === 'enum') expect(question.options).toContain(value)
  })

  test.each(named.filter(([, { default: preset }]) => preset !== undefined))(
    'the default of %s is that of values.yaml',
    (variable, { default: preset }) => {
      expect(preset).toEqual(at(values, variable))
    },
  )

  test.each(named)('%s: a placeholder does not pass for an answer', (variable, question) => {
    expect(JSON.stringify(question.default ?? '')).not.toMatch(/<.*>|changeme|example\.com|your[- ]/i)
    // What is typed and must not be shown is a password; a Secret is chosen from those that there are.
    if (/(?:password|token|accessKey|secretKey)$/i.test(variable)) expect(question.type).toBe('password')
    if (/[sS]ecret(?:\.name|Name)$/.test(variable))
      expect(question.type).toMatch(/^(?:reference\[)?secret\]?$/)
  })

  test.each(
    named.filter(([, question]) => question.show_if ?? question.valid_chars ?? question.invalid_chars),
  )('%s: what it is shown for, and its characters, mean what they say', (_, question) => {
    for (const pattern of [question.valid_chars, question.invalid_chars])
      if (pattern !== undefined) expect(pattern).toMatch(/^\^?\[.+\]|^\^.*\$$/)
    const value = at(values, question.variable)
    if (question.valid_chars !== undefined && typeof value === 'string')
      expect(value).toMatch(new RegExp(question.valid_chars))
    for (const term of (question.show_if ?? '').split(/&&|\|\|/).filter((text) => text !== '')) {
      expect(term).not.toContain('!=')
      const [, variable = '', wanted] = /^!{0,2}([\w.]+)(?:=(.*))?$/.exec(term.trim()) ?? []
      expect(at(values, variable), term).toBeDefined()
      const { type, options } = all.find((one) => one.variable === variable) ?? {}
      if (type === 'enum') expect(options).toContain(wanted)
      if (type === 'boolean') expect(['true', 'false']).toContain(wanted)
    }
  })
})

function typeOf(type: string): string {
  if (type.startsWith('array')) return 'array'
  if (type === 'boolean') return 'boolean'
  return type === 'int' || type === 'float' ? 'number' : 'string'
}

function at(values: unknown, variable: string): unknown {
  return variable
    .split('.')
    .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], values)
}
