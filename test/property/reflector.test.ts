import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Projected, ReflectorEvent } from '../../collector/agent/watch/projected.ts'
import { createReflector } from '../../collector/agent/watch/reflector.ts'
import { createTurns } from '../../collector/agent/watch/turns.ts'
import type { JsonObject } from '../../collector/record/kube-api.ts'
import { silentLog } from '../../collector/std/log.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createWorld, type Fault, type World } from './reflector-world.ts'

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    on: fc.constantFrom('list' as const, 'watch' as const),
    status: fc.constantFrom(0, 401, 403, 404, 410, 429, 500, 504),
    message: fc.constantFrom('', 'Too large resource version: 9, current: 7'),
  }),
  fc.constant({ on: 'page' as const }),
  fc.record({
    on: fc.constant('streams' as const),
    end: fc.constantFrom(...(['close', 'reset', 'silence', 'expired', 'error'] as const)),
  }),
  fc.record({
    on: fc.constant('streams' as const),
    repeat: fc.constantFrom('last' as const, 'older' as const),
  }),
  fc.constant({ on: 'streams' as const, bookmark: true as const }),
)

type Step = readonly [label: string, run: (world: World) => void] | number

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: name.map((one): Step => [`create ${one}`, (world) => world.create(one)]) },
  { weight: 3, arbitrary: name.map((one): Step => [`modify ${one}`, (world) => world.modify(one)]) },
  { weight: 2, arbitrary: name.map((one): Step => [`delete ${one}`, (world) => world.delete(one)]) },
  {
    weight: 1,
    arbitrary: name.map(
      (one): Step => [
        `replace ${one}`,
        (world) => {
          world.delete(one)
          world.create(one)
        },
      ],
    ),
  },
  { weight: 4, arbitrary: fault.map((one): Step => [JSON.stringify(one), (world) => world.inject(one)]) },
  { weight: 1, arbitrary: fc.constant<Step>(['compact', (world) => world.compact()]) },
  { weight: 3, arbitrary: fc.constantFrom<Step>(0, 50, 1_000, 10_000, 200_000) },
)

const snapshot: Step = ['snapshot', (world) => world.snapshot()]
/**
 * A restored server that overtook the version we hold before we came back could not be told from one that was never
 * restored: so the reflector comes back first, and hears a bookmark as every stream does once a minute.
 */
const restore: readonly Step[] = [
  [
    'restore',
    (world) => {
      world.heal()
      world.restore()
    },
  ],
  600_000,
  ['bookmark', (world) => world.inject({ on: 'streams', bookmark: true })],
  1_000,
]
const steps = fc.oneof(
  { weight: 8, arbitrary: step.map((one) => [one]) },
  { weight: 1, arbitrary: fc.constantFrom<readonly Step[]>([snapshot], restore) },
)

interface Thing extends Projected {
  readonly turn: number
}

function project(object: JsonObject): Thing {
  return object['metadata'] as Thing & JsonObject
}

const lineOf = ({ name, resourceVersion, turn }: Thing) => `${name}@${resourceVersion}#${turn}`

async function follow(watchList: 'on' | 'refused' | 'ignored', steps: readonly Step[], seed: number) {
  const world = createWorld({ watchList })
  const clock = createManualClock()
  let random = seed
  const nextRandom = () => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    return random / 2_147_483_648
  }
  const mirror = new Map<string, string>()
  const complaints: string[] = []
  const emit = (event: ReflectorEvent<Thing>) => {
    if (event.type === 'synced') return
    const { uid, name } = event.object
    if (event.type === 'added' && mirror.has(uid)) complaints.push(`${uid} added twice`)
    if (event.type !== 'added' && !mirror.has(uid))
      complaints.push(`${uid} ${event.type} before it was added`)
    const namesake = [...mirror].find(([other, text]) => other !== uid && text.startsWith(`${name}@`))
    if (event.type === 'added' && namesake) complaints.push(`${uid} added before its namesake was deleted`)
    if (event.type === 'deleted') mirror.delete(uid)
    else mirror.set(uid, lineOf(event.object))
  }
  const reflector = createReflector<Thing>(
    {
      client: world,
      clock,
      random: nextRandom,
      log: silentLog,
      turns: createTurns({ clock, random: nextRandom }),
      emit,
    },
    { resource: { group: '', version: 'v1', plural: 'things' }, project, pageItemsMax: 2 },
  )
  const stop = new AbortController()
  const run = reflector.run(stop.signal)
  for (const one of steps) {
    if (typeof one === 'number') await clock.advance(one)
    else one[1](world)
  }
  world.heal()
  // A change after the faults, so that a server restored to just before tells of itself.
  world.create('last')
  world.modify('last')
  await clock.advance(20 * 60_000)
  const status = reflector.status()
  stop.abort()
  await clock.advance(1_000)
  await run
  const store = new Map([...reflector.store.values()].map((one) => [one.uid, lineOf(one)]))
  return { world, mirror, store, complaints, status }
}

const sorted = (map: ReadonlyMap<string, string>) => [...map].sort()

describe('the reflector', () => {
  test.each(['on', 'refused', 'ignored'] as const)(
    'ends with the state of the server after any interleaving of faults (watch-list %s)',
    async (watchList) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(), async (steps, seed) => {
          const { world, mirror, store, complaints, status } = await follow(watchList, steps, seed)
          expect(complaints).toEqual([])
          expect(sorted(store)).toEqual(sorted(world.state()))
          expect(sorted(mirror)).toEqual(sorted(world.state()))
          expect(status.state).toBe('synced')
          // Twenty quiet minutes cost a few requests, not a storm.
          expect(world.requests()).toBeLessThan(40 + 10 * steps.length)
        }),
        { numRuns: 1500 },
      )
    },
  )
  test('ends with the state of the server although its versions went backwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 25 }), fc.nat(), async (parts, seed) => {
        const { world, mirror, store, complaints } = await follow('on', parts.flat(), seed)
        expect(complaints).toEqual([])
        expect(sorted(store)).toEqual(sorted(world.state()))
        expect(sorted(mirror)).toEqual(sorted(world.state()))
      }),
      { numRuns: 1500 },
    )
  })
})
