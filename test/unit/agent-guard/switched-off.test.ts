import { expect, test } from 'vitest'
import {
  decidedMax,
  emptyList,
  entriesMax,
  isSettled,
  readList,
  type SwitchedOffList,
  withEntry,
  writeList,
} from '../../../collector/agent/guard/switched-off.ts'

const at = '2026-11-27T12:00:00Z'
const entry = (name: string) => ({ namespace: 'shop', kind: 'Deployment', name, reason: 'it crashed', at })

function filled(count: number): { readonly list: SwitchedOffList; readonly leftOut: number } {
  let list = emptyList
  let leftOut = 0
  for (let index = 0; index < count; index++) {
    const added = withEntry(list, { entry: entry(`w${index}`), template: `t${index}` })
    list = added.list
    leftOut += added.leftOut
  }
  return { list, leftOut }
}

test('what is written is read again', () => {
  const { list } = filled(3)
  expect(readList(writeList(list))).toEqual(list)
  expect(readList({})).toEqual(emptyList)
})

test('beyond its limits the oldest are left out, and counted', () => {
  const { list, leftOut } = filled(decidedMax + 1)
  expect(list.entries).toHaveLength(entriesMax)
  expect(list.entries.at(-1)).toEqual(entry(`w${decidedMax}`))
  expect(leftOut).toBe(decidedMax + 1 - entriesMax)
  expect([list.decided.size, list.decided.has('shop/Deployment/w0')]).toEqual([decidedMax, false])
})

test('with the longest names and reasons it is less than a ConfigMap may hold', () => {
  let list = emptyList
  for (let index = 0; index < decidedMax; index++) {
    const name = `${index}`.padStart(253, 'n')
    const workload = { namespace: 'n'.repeat(63), kind: 'HorizontalRunnerReplicaSet', name }
    const added = withEntry(list, {
      entry: { ...workload, reason: 'r'.repeat(1_024), at },
      template: 't'.repeat(36),
    })
    list = added.list
  }
  const bytes = Object.values(writeList(list)).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  expect(bytes).toBeLessThan(2 ** 20)
})

test('a workload is settled while it is off, and for the template that was decided on', () => {
  const { list } = filled(1)
  expect(isSettled(list, entry('w0'), 't9')).toBe(true)
  const lifted = { ...list, entries: [] }
  expect([isSettled(lifted, entry('w0'), 't0'), isSettled(lifted, entry('w0'), 't9')]).toEqual([true, false])
})

test.each([
  ['disabled.json is no JSON', '[{'],
  ['disabled.json is no list of {namespace, kind, name, reason, at}', '{}'],
  [
    'disabled.json is no list of {namespace, kind, name, reason, at}',
    '[{"namespace":"shop","kind":"Deployment"}]',
  ],
])('%s: %s', (message, text) => {
  expect(() => readList({ 'disabled.json': text })).toThrow(message)
})
