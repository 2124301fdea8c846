import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replaceJsonValues } from '../../../collector/wire/rules/json-values.ts'

const hide = (text: string, keys: readonly string[], prefix = '') =>
  replaceJsonValues(text, {
    prefix,
    chosen: (key, path) => keys.includes(key) || keys.includes(path),
    replace: (value) => `<${value}>`,
  })

describe('values of chosen keys', () => {
  const cases: [text: string, keys: string[], want: string][] = [
    ['{"a":"x","b":"y"}', ['a'], '{"a":"<x>","b":"y"}'],
    ['{ "a" : "x" , "b" : 1 }', ['b'], '{ "a" : "x" , "b" : "<1>"}'],
    ['{"a":{"b":"x"},"b":2}', ['a.b'], '{"a":{"b":"<x>"},"b":2}'],
    ['{"a":{"b":"x"},"b":2}', ['b'], '{"a":{"b":"<x>"},"b":"<2>"}'],
    ['{"a":{"c":1},"b":{"c":2}}', ['b.c'], '{"a":{"c":1},"b":{"c":"<2>"}}'],
    ['[{"a":"x"},{"a":"y"}]', ['a'], '[{"a":"<x>"},{"a":"<y>"}]'],
    ['{"list":[{"a":"x"},7,{"a":"y"}]}', ['list.a'], '{"list":[{"a":"<x>"},7,{"a":"<y>"}]}'],
    ['{"a":[1,{"b":"]"}],"c":1}', ['a'], '{"a":"<[1,{\\"b\\":\\"]\\"}]>","c":1}'],
    ['{"a":12345678901234567890,"b":true}', ['b'], '{"a":12345678901234567890,"b":"<true>"}'],
    ['{"a":"say \\"b\\": 1","b":"x"}', ['b'], '{"a":"say \\"b\\": 1","b":"<x>"}'],
    ['{"a":"\\u00e9\\n"}', ['a'], '{"a":"<é\\n>"}'],
    ['{"a":null,"b":""}', ['a', 'b'], '{"a":null,"b":""}'],
    // Cut off: what can be read is.
    ['{"a":"x","b":"y', ['a', 'b'], '{"a":"<x>","b":"<y>"'],
    ['text "a":"x"', ['a'], 'text "a":"x"'],
    ['', ['a'], ''],
    ['{', ['a'], '{'],
    ['{"a":', ['a'], '{"a":'],
  ]
  test.each(cases)('%s without %j', (text, keys, want) => {
    expect(hide(text, keys)).toBe(want)
  })
  test('the name of the attribute begins the path', () => {
    expect(hide('{"mail":"x"}', ['user.mail'], 'user')).toBe('{"mail":"<x>"}')
    expect(hide('{"mail":"x"}', ['mail.user'], 'user')).toBe('{"mail":"x"}')
  })
})

test('any JSON stays as it is when no key is chosen, and stays JSON when all are', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(hide(json, [])).toBe(json)
      JSON.parse(replaceJsonValues(json, { prefix: '', chosen: () => true, replace: (value) => value }))
    }),
    { numRuns: 500 },
  )
})
