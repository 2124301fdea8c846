import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ProjectedPod, projectPod } from '../../collector/agent/derive/projections.ts'
import { createCrashGuard } from '../../collector/agent/guard/crash-guard.ts'
import type { SwitchedOff } from '../../collector/record/injection.ts'
import type { JsonObject, KubeError } from '../../collector/record/kube-api.ts'
import { silentLog } from '../../collector/std/log.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'
import { testSeed } from '../support/test-seed.ts'

/**
 * One workload whose pods come, run, crash and go at random, with a person who takes entries out, agents that restart and
 * API servers that refuse: no pod template is decided on twice, and nothing is decided unless a pod with something else in it
 * ran well for as long as the window.
 */
const minute = 60_000
const windowMs = 5 * minute

interface Pod {
  readonly name: string
  readonly variant: string
  readonly template: string
  readonly startedMs: number
  crashes: number
  crashedMs: number
  runsSinceMs: number
}

type Act =
  | { readonly type: 'create'; readonly variant: string; readonly template: string }
  | { readonly type: 'crash' | 'run' | 'delete'; readonly pod: number }
  | { readonly type: 'wait'; readonly minutes: number }
  | { readonly type: 'lift' | 'restart' }
  | { readonly type: 'refuse'; readonly status: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('create' as const),
      variant: fc.constantFrom('', 'h1', 'h2'),
      template: fc.constantFrom('t1', 't2', 't3'),
    }),
  },
  { weight: 14, arbitrary: fc.record({ type: fc.constant('crash' as const), pod: fc.nat(5) }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('run' as const, 'delete' as const), pod: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), minutes: fc.constantFrom(1, 6) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('lift' as const, 'restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('refuse' as const), status: fc.constantFrom(409, 500) }),
  },
)

/** Something to compare with. */
const start: readonly Act[] = [
  { type: 'create', variant: '', template: 't0' },
  { type: 'wait', minutes: 6 },
]

test('no template is decided on twice in a row, and none without a pod of another kind that runs well', {
  timeout: 60_000,
}, async () => {
  const seed = testSeed()
  let decisions = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 20, maxLength: 60, size: 'max' }), async (acts) => {
      const run = createRun()
      for (const one of [...start, ...acts]) await run.act(one)
      await run.stop()
      // The last one alone is kept in mind: what was deployed in between makes it another rollout.
      expect(run.decided.filter((template, index) => template === run.decided[index - 1])).toEqual([])
      decisions += run.decided.length
    }),
    { seed, numRuns: 100 },
  )
  // A machine that never decides would hold as well.
  expect(decisions, `seed ${seed}`).toBeGreaterThan(0)
})

function createRun() {
  const clock = createManualClock()
  const pods: Pod[] = []
  const decided: string[] = []
  /** What a pod ran well with, and whether any did. */
  const ranWell = new Set<string>()
  const server = createServer()
  let agent = startAgent()
  let names = 0

  function startAgent() {
    const stopping = new AbortController()
    const guard = createCrashGuard(
      {
        ...{ client: server, clock, random: () => 0.5, log: silentLog },
        isLeader: () => true,
        onChange: () => {},
        onOutcome: () => {},
      },
      { namespace: 'binnacle', configMap: 'list', windowMs, pollMs: 1_000 },
    )
    return { guard, stopping, running: guard.run(stopping.signal) }
  }

  async function see(pod: Pod, previous: ProjectedPod | undefined, deleted = false) {
    const before = server.list().length
    agent.guard.see({
      pod: projected(pod),
      previous,
      workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
      deleted,
      siblings: () => pods.map(projected),
    })
    await clock.advance(3_000)
    if (server.list().length === before) return
    // The template of a decision is that of the pod that was just seen.
    decided.push(pod.template)
    noteWell(clock)
    const others = [...ranWell].filter((variant) => variant !== pod.variant)
    expect(others.length, 'something else ran well').toBeGreaterThan(0)
    expect(ranWell.has(pod.variant), 'the same ran well').toBe(false)
    expect(pod.crashes).toBeGreaterThanOrEqual(3)
  }

  function noteWell({ nowMs }: ManualClock): void {
    for (const { runsSinceMs, variant } of pods)
      if (runsSinceMs > 0 && nowMs() - runsSinceMs >= windowMs) ranWell.add(variant)
  }

  return {
    decided,
    async act(one: Act): Promise<void> {
      noteWell(clock)
      switch (one.type) {
        case 'create': {
          if (pods.length > 5) return
          const { variant, template } = one
          const startedMs = clock.nowMs()
          const pod = {
            name: `p${names++}`,
            variant,
            template,
            startedMs,
            crashes: 0,
            crashedMs: 0,
            runsSinceMs: startedMs,
          }
          pods.push(pod)
          return see(pod, undefined)
        }
        case 'wait':
          return clock.advance(one.minutes * minute)
        case 'lift':
          server.lift()
          return clock.advance(2_000)
        case 'restart': {
          agent.stopping.abort()
          await agent.running
          agent = startAgent()
          await clock.advance(1)
          // What ran well and is gone is forgotten with the agent.
          ranWell.clear()
          for (const pod of pods) await see(pod, undefined)
          return
        }
        case 'refuse':
          server.refuseNext(one.status)
          return
      }
      const pod = pods[one.pod % Math.max(1, pods.length)]
      if (!pod) return
      const previous = projected(pod)
      if (one.type === 'delete') pods.splice(pods.indexOf(pod), 1)
      else if (one.type === 'crash')
        Object.assign(pod, { crashes: pod.crashes + 1, crashedMs: clock.nowMs(), runsSinceMs: 0 })
      else pod.runsSinceMs ||= clock.nowMs()
      return see(pod, previous, one.type === 'delete')
    },
    async stop() {
      agent.stopping.abort()
      await agent.running
    },
  }
}

/** While it crashes it waits for its next start. */
function projected({
  name,
  variant,
  template,
  startedMs,
  crashes,
  crashedMs,
  runsSinceMs,
}: Pod): ProjectedPod {
  const iso = (ms: number) => new Date(ms).toISOString()
  const runs = runsSinceMs > 0
  const pod = projectPod({
    metadata: {
      ...{ name, uid: name, namespace: 'shop', creationTimestamp: iso(startedMs) },
      labels: { 'pod-template-hash': template, ...(variant ? { 'binnacle.dev/injected': variant } : {}) },
    },
    spec: { containers: [{ name: 'web', image: 'web:1' }] },
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'web',
          ready: runs,
          restartCount: runs ? crashes : Math.max(0, crashes - 1),
          state: runs
            ? { running: { startedAt: iso(runsSinceMs) } }
            : { waiting: { reason: 'CrashLoopBackOff' } },
          ...(crashes > 0 ? { lastState: { terminated: { exitCode: 1, finishedAt: iso(crashedMs) } } } : {}),
        },
      ],
    },
  })
  if (!pod) throw new Error('nothing projected')
  return pod
}

/** One ConfigMap with the API server's rules of versions. */
function createServer() {
  let data: Record<string, string> | undefined
  let version = 0
  let refusal: number | undefined
  const error = (status: number): KubeError => ({
    type: 'error',
    status,
    reason: '',
    message: `status ${status}`,
  })
  const view = () => ({
    type: 'object' as const,
    object: { metadata: { resourceVersion: String(version) }, data },
  })
  return {
    list: () => JSON.parse(data?.['disabled.json'] ?? '[]') as SwitchedOff[],
    lift() {
      if (!data) return
      data = { ...data, 'disabled.json': '[]' }
      version++
    },
    refuseNext(status: number) {
      refusal = status
    },
    get: async () => (data ? view() : error(404)),
    async write({ method, body }: { readonly method: 'POST' | 'PUT'; readonly body: JsonObject }) {
      const refused = refusal
      refusal = undefined
      if (refused !== undefined) return error(refused)
      const sent = (body['metadata'] as JsonObject)['resourceVersion']
      if (method === 'POST' ? data !== undefined : sent !== String(version)) return error(409)
      data = body['data'] as Record<string, string>
      version++
      return view()
    },
  }
}
