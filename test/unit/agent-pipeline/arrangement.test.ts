import { afterEach, describe, expect, test } from 'vitest'
import { createKubePipeline, type KubePipeline } from '../../../collector/agent/kube-pipeline.ts'
import type { JsonObject } from '../../../collector/record/kube-api.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { createMemoryKube } from './memory-kube.ts'
import { pipelineDeps } from './pipeline-deps.ts'

const noScope = { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: [] } as const
const homes = ['a', 'b', 'c', 'd', 'e', 'f']
const namespace = (name: string, isOn: boolean): JsonObject => ({
  metadata: { uid: `uid-${name}`, name, labels: isOn ? { 'binnacle.dev/collect': 'enabled' } : {} },
  status: { phase: 'Active' },
})
const pod = (name: string, home: string): JsonObject => ({
  metadata: { uid: `uid-${home}-${name}`, name, namespace: home },
  status: { phase: 'Running' },
})

let open: KubePipeline | undefined
afterEach(() => open?.close())

/** Six namespaces of a pod each, of which four have watches of their own at most. */
async function setUp(selected: readonly string[]) {
  const kube = createMemoryKube()
  const clock = createManualClock()
  const { deps, records } = pipelineDeps({ client: kube, clock })
  kube.put('namespaces', namespace('kube-system', false))
  for (const home of homes) {
    kube.put('namespaces', namespace(home, selected.includes(home)))
    kube.put('pods', pod('one', home))
  }
  const pipeline = createKubePipeline(deps, {
    namespaces: noScope,
    watch: { mode: 'cluster', namespaces: [], nodes: 'off' },
    namespacedWatchesMax: 4,
  })
  open = pipeline
  await pipeline.start(new AbortController().signal)
  await clock.advance(30_000)
  const optIn = (...names: string[]) => {
    for (const name of names) kube.put('namespaces', namespace(name, true))
  }
  const optOut = (...names: string[]) => {
    for (const name of names) kube.put('namespaces', namespace(name, false))
  }
  /** The namespaces whose pods are watched; '*': the whole cluster. */
  const watched = () =>
    pipeline
      .status()
      .reflectors.filter(({ resource }) => resource === 'pods')
      .map((one) => one.namespace || '*')
      .sort()
  const pods = () =>
    records
      .splice(0)
      .flatMap(({ type, record }) =>
        type === 'object' && record.kind === 'Pod'
          ? [`${record.deleted ? 'gone' : 'is'} ${record.namespace}/${record.name}`]
          : [],
      )
      .sort()
  return { kube, clock, pipeline, optIn, optOut, watched, pods }
}

describe('how namespaces are watched', () => {
  test('each by itself up to the limit, at one over it the whole cluster', async () => {
    const { kube, clock, optIn, watched, pods } = await setUp(['a', 'b', 'c', 'd'])
    expect(watched()).toEqual(['a', 'b', 'c', 'd'])
    pods()
    optIn('e')
    await clock.advance(60_000)
    expect(watched()).toEqual(['*'])
    // What both told collapses by its ids; nothing of the one that did not opt in.
    expect(new Set(pods())).toEqual(new Set(['a', 'b', 'c', 'd', 'e'].map((home) => `is ${home}/one`)))
    kube.put('pods', pod('two', 'a'))
    kube.put('pods', pod('two', 'f'))
    await clock.advance(1_000)
    expect(pods()).toEqual(['is a/two'])
  })

  test('many that opt in at once are watched as a whole from the start', async () => {
    const { clock, kube, pipeline, watched, pods } = await setUp([])
    pipeline.setScope(noScope, { include: ['[a-f]'], exclude: [] })
    await clock.advance(60_000)
    expect(watched()).toEqual(['*'])
    expect(pods()).toEqual(homes.map((home) => `is ${home}/one`))
    expect(kube.asked.filter((one) => one.startsWith('list pods'))).toEqual(['list pods'])
  })

  test('each by itself again when half of the limit is left', async () => {
    const { kube, clock, optOut, watched, pods } = await setUp(homes)
    expect(watched()).toEqual(['*'])
    optOut('a', 'b', 'c')
    await clock.advance(60_000)
    expect(watched()).toEqual(['*'])
    optOut('d')
    await clock.advance(60_000)
    expect(watched()).toEqual(['e', 'f'])
    pods()
    kube.delete('pods', 'uid-e-one')
    kube.put('pods', pod('two', 'a'))
    await clock.advance(1_000)
    expect(pods()).toEqual(['gone e/one'])
  })

  test('what is deleted between the two is told gone, though the first never saw it', async () => {
    const { kube, clock, optIn, watched, pods } = await setUp(['a', 'b', 'c', 'd'])
    pods()
    kube.mute('pods', 'a')
    kube.delete('pods', 'uid-a-one')
    optIn('e')
    await clock.advance(60_000)
    expect(watched()).toEqual(['*'])
    expect(pods()).toContain('gone a/one')
  })

  test('what one namespace grants and the cluster refuses keeps each by itself', async () => {
    const { kube, clock, optIn, watched, pods } = await setUp(['a', 'b', 'c', 'd'])
    kube.forbid('pods', 'cluster-wide')
    pods()
    optIn('e')
    await clock.advance(60_000)
    expect(watched()).toEqual(['a', 'b', 'c', 'd', 'e'])
    optIn('f')
    await clock.advance(60_000)
    expect(watched()).toEqual(homes)
    expect(new Set(pods())).toEqual(new Set(homes.map((home) => `is ${home}/one`)))
  })

  test('a namespace that comes and one that goes while the change is on its way are not lost', async () => {
    const { kube, clock, optIn, optOut, watched, pods } = await setUp(['a', 'b', 'c', 'd'])
    const arrive = kube.hold('pods')
    optIn('e')
    await clock.advance(2_000)
    arrive()
    const slow = kube.hold('pods')
    await clock.advance(20_000)
    optOut('a')
    optIn('f')
    await clock.advance(5_000)
    slow()
    await clock.advance(60_000)
    expect(watched()).toEqual(['*', 'f'])
    pods()
    for (const home of homes) kube.put('pods', pod('two', home))
    await clock.advance(1_000)
    expect(pods()).toEqual(['b', 'c', 'd', 'e', 'f'].map((home) => `is ${home}/two`))
  })
})
