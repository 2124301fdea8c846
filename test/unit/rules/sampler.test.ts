import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createSampler } from '../../../collector/wire/rules/sampler.ts'
import { mapTraceState, withThreshold } from '../../../collector/wire/rules/trace-state.ts'
import { weightOf } from '../../../collector/wire/weight.ts'

/** A trace id with these 56 random bits. */
const traceOf = (random: string) => Buffer.from(`aaaaaaaaaaaaaaaaaa${random}`, 'hex')
const half = createSampler(0.5)

describe('a trace is kept when its random bits are not below the threshold', () => {
  const cases: [ratio: number, random: string, traceState: string, want: string | undefined][] = [
    [0.5, '80000000000000', '', 'ot=th:8'],
    [0.5, '7fffffffffffff', '', undefined],
    [0.25, 'c0000000000000', '', 'ot=th:c'],
    [0.25, 'bfffffffffffff', '', undefined],
    [0.1, 'e6666666666600', '', 'ot=th:e66666666666'],
    [0.1, 'e66666666665ff', '', undefined],
    // Explicit randomness goes before that of the id.
    [0.5, '00000000000000', 'ot=rv:80000000000000', 'ot=th:8;rv:80000000000000'],
    [0.5, 'ffffffffffffff', 'ot=rv:7fffffffffffff', undefined],
    // The larger threshold wins.
    [0.5, 'c0000000000000', 'ot=th:4', 'ot=th:8'],
    [0.5, '70000000000000', 'ot=th:4', undefined],
    [0.5, 'c0000000000000', 'ot=th:c', 'ot=th:c'],
    // Whoever sampled it harder decided: that its bits look otherwise is not ours to judge.
    [0.5, '00000000000000', 'ot=th:c', 'ot=th:c'],
    [0.5, '00000000000000', 'ot=th:8', 'ot=th:8'],
    // Other vendors' members stay, ours goes first.
    [0.5, '80000000000000', 'a=1,ot=th:4;x:1,b=2', 'ot=th:8;x:1,a=1,b=2'],
    [0.5, '80000000000000', 'a=1', 'ot=th:8,a=1'],
    // Everything is kept as it is.
    [1, '00000000000000', '', ''],
    [1, '00000000000000', 'ot=th:4', 'ot=th:4'],
  ]
  test.each(cases)('ratio %d, bits %s, trace state %j', (ratio, random, traceState, want) => {
    const sampled = createSampler(ratio).decide(traceOf(random), 0, traceState)
    expect(sampled?.traceState).toBe(want)
    if (sampled) expect(sampled.weight).toBeCloseTo(weightOf(sampled.traceState), 9)
  })

  test('the id is read where it stands', () => {
    const bytes = Buffer.concat([Buffer.alloc(5, 0xff), traceOf('7fffffffffffff'), traceOf('80000000000000')])
    expect(half.decide(bytes, 5, '')).toBeUndefined()
    expect(half.decide(bytes, 21, '')?.weight).toBe(2)
  })
})

test('samplers of smaller shares keep subsets of what larger ones keep', () => {
  const samplers = [0.9, 0.5, 0.2, 0.01].map(createSampler)
  for (let index = 0; index < 2_000; index++) {
    const trace = randomBytes(16)
    const kept = samplers.map((sampler) => sampler.keeps(trace))
    expect(kept, trace.toString('hex')).toEqual([...kept].sort((a, b) => Number(b) - Number(a)))
  }
})

test('thresholds are written without trailing zeros, 0 as 0', () => {
  expect(withThreshold('', '80000000000000')).toBe('ot=th:8')
  expect(withThreshold('', '00000000000000')).toBe('ot=th:0')
  expect(withThreshold('ot=p:8;th:1', 'c0000000000000')).toBe('ot=th:c;p:8')
})

test('a trace state is rewritten but for what sampling stands on', () => {
  const rewrite = (traceState: string) => mapTraceState(traceState, (text) => text.replaceAll('1', 'x'))
  expect(rewrite('a=1,ot=th:1;rv:11111111111111;z:1, b=1')).toBe('a=x,ot=th:1;rv:11111111111111;z:x, b=x')
  expect(rewrite('ot=th:1?;rv:111')).toBe('ot=th:x?;rv:xxx')
  expect(mapTraceState('', () => 'x')).toBe('')
})
