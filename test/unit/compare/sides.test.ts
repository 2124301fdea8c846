import { describe, expect, test } from 'vitest'
import { intendedShare, podHours, podsWithVersions } from '../../../collector/service/compare/pods.ts'
import { oldestFirst } from '../../../collector/service/compare/release-order.ts'
import { presenceOf, windowsOfMarker, windowsOfVersions } from '../../../collector/service/compare/windows.ts'
import type { ReleasePodRow } from '../../../collector/service/query/release-pods.ts'

const minute = 60_000
const from = (fromMin: number, toMin: number) => ({ fromMs: fromMin * minute, toMs: toMin * minute })
const steps = (...calls: readonly number[]) =>
  calls.map((count, index) => ({ timeMs: index * minute, calls: count }))

describe('when a version was called', () => {
  test.each([
    ['from its first to its last step', steps(0, 5, 0, 7, 0), from(1, 4)],
    ['but for a stray call hours later', steps(100, 100, 100, 0, 0, 1), from(0, 3)],
    ['never', steps(0, 0), undefined],
  ])('%s', (_, calls, want) => {
    expect(presenceOf(calls, minute)).toEqual(want)
  })
})

describe('which time is compared', () => {
  test.each([
    ['a canary: while both were called', from(0, 120), from(60, 120), from(60, 120), from(60, 120), true],
    ['a canary that was given up', from(0, 120), from(40, 70), from(40, 70), from(40, 70), true],
    ['a rollout: before and after it', from(0, 65), from(60, 120), from(0, 60), from(65, 120), false],
    ['a slow rollout: within it', from(0, 90), from(60, 300), from(60, 90), from(60, 90), true],
    ['a pause between them', from(0, 50), from(60, 120), from(0, 50), from(60, 120), false],
    ['the newer one named first', from(60, 120), from(0, 65), from(65, 120), from(0, 60), false],
  ])('%s', (_, a, b, wantA, wantB, sideBySide) => {
    expect(windowsOfVersions(a, b)).toEqual({ a: wantA, b: wantB, sideBySide })
  })
  test.each([
    ['equally long, with five minutes for the rollout', {}, from(40, 100), from(105, 165)],
    ['until the version before was called last', { replacedMs: 112 * minute }, from(40, 100), from(112, 172)],
    ['a version that went on is not replaced', { replacedMs: 150 * minute }, from(40, 100), from(105, 165)],
    ['no longer than it is ago', { nowMs: 125 * minute }, from(80, 100), from(105, 125)],
    ['nothing yet', { nowMs: 102 * minute }, from(100, 100), from(105, 105)],
  ])('around a deployment: %s', (_, over, wantA, wantB) => {
    const windows = windowsOfMarker({
      markerMs: 100 * minute,
      replacedMs: undefined,
      lengthMs: 60 * minute,
      nowMs: 1_000 * minute,
      ...over,
    })
    expect(windows).toEqual({ a: wantA, b: wantB, sideBySide: false })
  })
})

test('versions are ordered by their first call; those of one start by the numbers of their names', () => {
  const seen = (version: string, minutes: number) => ({ version, firstMs: minutes * minute })
  const order = oldestFirst([seen('v10', 1), seen('9f3c', 300), seen('v9', 3), seen('a001', 100)])
  expect(order.map((one) => one.version)).toEqual(['v9', 'v10', 'a001', '9f3c'])
})

describe('pods', () => {
  const row = (over: Partial<ReleasePodRow>): ReleasePodRow => ({
    service: 'benigno',
    clusterId: 'demo',
    namespace: 'shop',
    pod: 'p',
    uid: 'u',
    workloadKind: 'Deployment',
    workload: 'benigno',
    version: '1.4.0-build7',
    createdMs: 0,
    endedMs: 0,
    canaryWeight: '',
    sent: [],
    ...over,
  })
  test.each<[string, ReleasePodRow[], string[]]>([
    ['of the version that their spans say', [row({ sent: [['1.4.0', 'u']] })], ['1.4.0']],
    [
      'whose usage names no version',
      [
        row({
          sent: [
            ['', 'u'],
            ['1.4.0', 'u'],
          ],
        }),
      ],
      ['1.4.0'],
    ],
    [
      'that sent no spans: as their neighbours of the same image',
      [
        row({ sent: [['1.4.0', 'u']] }),
        row({ uid: 'ill', sent: [['', 'ill']] }),
        row({ uid: 'x', version: '2' }),
      ],
      ['1.4.0', '1.4.0', '2'],
    ],
    [
      'that carry the name of one before: what their label says',
      [row({ uid: 'new', version: '2', sent: [['1.4.0', 'old']] })],
      ['2'],
    ],
    ['whose spans name no version', [row({ sent: [['', 'u']] })], ['']],
  ])('%s', (_, rows, want) => {
    expect(podsWithVersions(rows).map((pod) => pod.version)).toEqual(want)
  })
  test('hours within a window, and the share that they make', () => {
    const [a, b] = ['a', 'b'].map((version, index) =>
      podsWithVersions([
        row({ version, createdMs: 0, endedMs: 0 }),
        row({ version, createdMs: 30 * minute, endedMs: index === 0 ? 90 * minute : 30 * minute }),
      ]),
    )
    const window = from(60, 120)
    expect([podHours(a ?? [], window), podHours(b ?? [], window)]).toEqual([1.5, 1])
    expect(intendedShare(a ?? [], b ?? [], window)).toEqual({ share: 0.4, source: 'pods' })
    expect(intendedShare([], b ?? [], window)).toBeNull()
  })
  test.each([
    ['90', '10', 0.1],
    ['', '10', 0.1],
    ['95', '', 0.05],
    ['3', '1', 0.25],
    ['', '0', 0],
  ])('labels %j and %j intend %d', (a, b, share) => {
    const pods = (canaryWeight: string) => podsWithVersions([row({ canaryWeight })])
    expect(intendedShare(pods(a), pods(b), from(0, 60))).toEqual({ share, source: 'label' })
  })
})
