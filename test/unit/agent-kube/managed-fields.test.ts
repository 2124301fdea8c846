import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withoutManagedFields } from '../../../collector/kube/managed-fields.ts'

const writer = (time: string | undefined, fieldsV1: unknown = {}) => ({
  manager: 'kubelet',
  operation: 'Update',
  ...(time === undefined ? {} : { time }),
  fieldsType: 'FieldsV1',
  fieldsV1,
})

describe('withoutManagedFields', () => {
  const cases: readonly [name: string, object: unknown, want: unknown][] = [
    ['an object that has none', { metadata: { name: 'a' } }, { metadata: { name: 'a' } }],
    ['none in the list', { metadata: { managedFields: [] } }, { metadata: { managedFields: [] } }],
    ['null', { metadata: { managedFields: null } }, { metadata: { managedFields: null } }],
    [
      'several writers: the newest time',
      {
        metadata: {
          managedFields: [
            writer('2026-01-05T08:30:00Z'),
            writer('2026-01-05T08:31:00Z', {
              'f:status': { 'k:{"type":"Ready"}': { '.': {}, 'f:time': {} } },
            }),
            writer(undefined),
          ],
          name: 'a',
        },
        status: { phase: 'Running' },
      },
      {
        metadata: { managedFields: [{ time: '2026-01-05T08:31:00Z' }], name: 'a' },
        status: { phase: 'Running' },
      },
    ],
    [
      'braces, quotes and times in texts of the fields',
      {
        metadata: {
          managedFields: [
            { ...writer('2026-01-01T00:00:00Z'), manager: 'a "time":"2030" ]}\\' },
            writer('2026-01-02T00:00:00Z', { 'v:"]}"': { time: '2031-01-01T00:00:00Z' } }),
          ],
        },
      },
      { metadata: { managedFields: [{ time: '2026-01-02T00:00:00Z' }] } },
    ],
    [
      'the same words in a text, as last-applied configurations have them',
      { metadata: { annotations: { last: '{"managedFields":[{"time":"x"}]}' } } },
      { metadata: { annotations: { last: '{"managedFields":[{"time":"x"}]}' } } },
    ],
    ['a key that ends like it', { 'x"managedFields': [{ a: 1 }] }, { 'x"managedFields': [{ a: 1 }] }],
  ]
  for (const [name, object, want] of cases)
    test(name, () => expect(JSON.parse(withoutManagedFields(JSON.stringify(object)))).toEqual(want))

  test('leaves everything else of any object as it is', () => {
    const managed = fc.array(
      fc.dictionary(fc.oneof(fc.string(), fc.constant('time')), fc.jsonValue()).map((fields) => ({ fields })),
    )
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        managed,
        fc.dictionary(fc.string(), fc.string()),
        (spec, managedFields, annotations) => {
          const object = { metadata: { annotations, managedFields, name: 'a' }, spec }
          const got = JSON.parse(withoutManagedFields(JSON.stringify(object)))
          expect(got).toEqual({
            metadata: { annotations: JSON.parse(JSON.stringify(annotations)), managedFields: [], name: 'a' },
            spec: JSON.parse(JSON.stringify(spec)),
          })
        },
      ),
    )
  })

  test('what ends within them fails to parse, as it did', () => {
    const whole = JSON.stringify({ metadata: { managedFields: [writer('2026-01-05T08:30:00Z')] } })
    for (let length = 1; length < whole.length; length++)
      expect(() => JSON.parse(withoutManagedFields(whole.slice(0, length)))).toThrow(SyntaxError)
  })
})
