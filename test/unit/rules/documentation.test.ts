import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseServiceConfig } from '../../../collector/service/config.ts'

const page = readFileSync(new URL('../../../docs/ingest-rules.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text)

/** Examples leave out what stands around them; the file of the key is not here. */
function whole(example: string): string {
  const text = example.replace(/hashKeyFile: .*/, 'hashKey: a key')
  if (text.startsWith('ingest:')) return text
  return text.startsWith('    -') ? `ingest:\n  rules:\n${text}` : `ingest:\n${text}`
}

test.each(examples.map((text, index) => [index, text] as const))('example %d can be used', (_index, text) => {
  const { rules } = parseServiceConfig({ yaml: { text: whole(text), name: 'example' } }).ingest
  expect(rules.length).toBe(text.match(/- name:/g)?.length)
})

test('the examples were found', () => {
  expect(examples.length).toBeGreaterThanOrEqual(5)
})
