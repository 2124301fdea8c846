import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configReference } from '../../support/config-reference.ts'

test('docs/configuration.md says what the programs accept (npm run docs writes it)', () => {
  const committed = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8')
  expect(committed).toBe(configReference())
})
