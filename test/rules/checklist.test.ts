import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The items of the OTLP receiver checklist that a test of this repository is to prove; 17 is the matrix of other languages. */
const items = Array.from({ length: 16 }, (_, index) => index + 1)
const root = join(import.meta.dirname, '..')
/** This file, whose own titles prove nothing. */
const itself = 'rules/checklist.test.ts'

/** The items that the titles of a test file name. A group's title does not count: its tests may be gone. */
function itemsNamedIn(source: string): number[] {
  const titles = source.matchAll(/\btest(?:\.\w+\([\s\S]*?\))?\(\s*(['"`])8\.1\/(\d+) [^\s'"`]/g)
  return [...titles].map(([, , item]) => Number(item))
}

const named = new Set(
  globSync('**/*.test.ts', { cwd: root })
    .filter((file) => file !== itself)
    .flatMap((file) => itemsNamedIn(readFileSync(join(root, file), 'utf8'))),
)

test.each(items)('item %d of the OTLP receiver checklist has a test that is named after it', (item) => {
  expect(named).toContain(item)
})

test.each([
  ['a test', "test('8.1/3 gzip is taken', () => {})", [3]],
  ['a table', "test.each([\n  ['a', f(1)],\n])(\n  '8.1/12 %s', () => {})", [12]],
  ['a group', "describe('8.1/3 gzip', () => {})", []],
  ['a title without words', "test('8.1/3 ', () => {})", []],
  ['another item', "test('8.1/30 x', () => {})", [30]],
  ['a test that is skipped', "test.skip('8.1/3 gzip is taken', () => {})", []],
])('what counts as a name: %s', (_what, source, want) => {
  expect(itemsNamedIn(source)).toEqual(want)
})
