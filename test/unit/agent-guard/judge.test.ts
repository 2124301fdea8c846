import { expect, test } from 'vitest'
import { judge } from '../../../collector/agent/guard/judge.ts'
import type { Crash, PodRun } from '../../../collector/agent/guard/pod-run.ts'

const minute = 60_000
const nowMs = 100 * minute
const windowMs = 5 * minute
const startedMs = nowMs - 2 * minute

const crash = (more: Partial<Crash> = {}): Crash => ({
  ...{ container: 'web', times: 3, exitCode: 1, reason: 'Error', message: '', isOurs: false },
  atMs: nowMs - minute,
  ...more,
})
const pod = (more: Partial<PodRun> = {}): PodRun => ({
  ...{ name: 'new-1', variant: 'h1', template: 't2', startedMs, wellSinceMs: 0, crash: undefined },
  ...more,
})
const crashing = pod({ crash: crash() })
const well = (more: Partial<PodRun> = {}) =>
  pod({ name: 'old-1', variant: '', startedMs: 0, wellSinceMs: minute, ...more })

const withOther =
  'new-1 crashed 3 times within 60 s of its start: container web ended with exit code 1 at 1970-01-01T01:39:00Z; old-1, into which nothing is injected, runs well'
const image = { container: 'binnacle-instrumentation', times: 0, exitCode: 0, isOurs: true }

test.each<[string, PodRun, readonly PodRun[], readonly string[], string | undefined]>([
  ['one without injection runs well', crashing, [well()], [], withOther],
  [
    'one with the former hash runs well',
    crashing,
    [well({ variant: 'h0' })],
    [],
    withOther.replace('into which nothing is injected', 'with what was injected before'),
  ],
  [
    'one without injection ran well and made way',
    crashing,
    [],
    [''],
    withOther.replace(/;.*/, '; pods without what is injected into them ran well before'),
  ],
  [
    'others crash with it, and the reason is named',
    pod({ crash: crash({ exitCode: 137, reason: 'OOMKilled' }) }),
    [pod({ name: 'new-2', crash: crash() }), well()],
    [],
    withOther.replace('new-1', 'new-1, new-2').replace('exit code 1', 'exit code 137 (OOMKilled)'),
  ],
  ['nothing is injected', pod({ variant: '', crash: crash() }), [well()], [], undefined],
  ['it does not crash', pod(), [well()], [], undefined],
  ['it crashed twice', pod({ crash: crash({ times: 2 }) }), [well()], [], undefined],
  [
    'it crashed long after its start',
    pod({ startedMs: nowMs - 7 * minute, crash: crash() }),
    [well()],
    [],
    undefined,
  ],
  ['nothing to compare with', crashing, [], [], undefined],
  ['what it is compared with is young', crashing, [well({ wellSinceMs: nowMs - minute })], [], undefined],
  [
    'the same is injected into one that does not crash',
    crashing,
    [pod({ wellSinceMs: nowMs - 1 }), well()],
    [],
    undefined,
  ],
  ['the same ran well before', crashing, [well()], ['h1'], undefined],
  [
    'one without injection crashes too',
    crashing,
    [well(), pod({ variant: '', crash: crash() })],
    [],
    undefined,
  ],
  [
    'one without injection crashed once and runs well since',
    crashing,
    [well({ crash: crash({ times: 1 }) })],
    [],
    withOther,
  ],
  [
    'what brings the instrumentation crashes',
    pod({ crash: crash({ container: 'binnacle-instrumentation', isOurs: true }) }),
    [],
    [],
    'new-1 cannot start because of what brings the instrumentation: container binnacle-instrumentation ended with exit code 1 at 1970-01-01T01:39:00Z',
  ],
  [
    'its image cannot be had',
    pod({ crash: crash({ ...image, reason: 'ImagePullBackOff', message: 'Back-off pulling image' }) }),
    [],
    [],
    'new-1 cannot start because of what brings the instrumentation: ImagePullBackOff Back-off pulling image',
  ],
  [
    'its image is late',
    pod({ crash: crash({ ...image, reason: 'ErrImagePull', atMs: startedMs + 20_000 }) }),
    [],
    [],
    undefined,
  ],
])('%s', (_, one, others, ranWell, want) => {
  expect(judge({ pod: one, others, ranWell: new Set(ranWell), nowMs, windowMs })).toBe(want)
})
