import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sidecars } from '../../../instrumentation/webhook/choose.ts'
import { tracers } from '../../../instrumentation/webhook/foreign.ts'
import { chartsFolder } from '../../support/helm.ts'

/**
 * The policy's expressions name sidecars and tracers as the webhook does: the same regular expressions, as RE2 and a string of
 * CEL write them. What the policy does with them is tested in the API server's own code (test/interop).
 */
const helpers = readFileSync(join(chartsFolder, 'binnacle-agent/templates/injection/_helpers.tpl'), 'utf8')
const helper = (name: string) =>
  new RegExp(`define "binnacle-agent\\.${name}" -}}\\n(.*)\\n`).exec(helpers)?.[1] ?? ''
const inCel = ({ source, ignoreCase }: RegExp) => {
  const text = source.replaceAll('\\/', '/').replaceAll('(?:', '(').replaceAll('\\', '\\\\')
  return ignoreCase ? `(?i:${text})` : text
}

test('sidecars', () => {
  expect(helper('sidecars')).toBe(inCel(sidecars))
})

test('variables of other tracers', () => {
  expect(helper('foreignVariables')).toBe(
    tracers.flatMap(({ variable }) => (variable ? [inCel(variable)] : [])).join('|'),
  )
})

test('marks of other tracers in commands and options, and any other Java agent', () => {
  expect(helper('foreignMarks')).toBe([...tracers.map(({ mark }) => inCel(mark)), '-javaagent:'].join('|'))
})
