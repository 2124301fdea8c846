import type { KubeObject } from '../../support/kube-api/objects.ts'
import type { FakeKubeApi } from '../../support/kube-api/server.ts'
import { createRandom } from '../corpus/random.ts'
import {
  appName,
  type ClusterSize,
  eventOf,
  iso,
  namespaceName,
  podName,
  podOf,
  podStatus,
  podsPerDeployment,
} from './cluster.ts'
import type { Load } from './messages.ts'

/**
 * What happens in a cluster, so many times a second. Of events two thirds are new and a third repeats (a PATCH of the
 * count), and the oldest expire, so that their number stands. Of pod updates 40 % show nothing (an annotation, managed
 * fields), 35 % readiness, 15 % a restart, and 10 % a pod that goes and another that comes.
 */
export interface LoadGenerator {
  set(load: Load): void
  counts(): { readonly eventsWritten: number; readonly podUpdates: number; readonly lateMsMax: number }
}

const tickMs = 50
/** More than that at once would be another load. */
const catchUpTicksMax = 40
const lapse = { quiet: 0.4, readiness: 0.75, restart: 0.9 }

interface Place {
  readonly index: number
  readonly ordinal: number
  life: number
  restarts: number
  ready: boolean
  touched: number
}

export function createLoad(api: FakeKubeApi, size: ClusterSize, standingEvents: number): LoadGenerator {
  const random = createRandom(4)
  const places: Place[] = Array.from({ length: size.pods }, (_, at) => ({
    index: Math.floor(at / podsPerDeployment),
    ordinal: at % podsPerDeployment,
    life: 0,
    restarts: 0,
    ready: true,
    touched: 0,
  }))
  const events: { readonly namespace: string; readonly name: string }[] = []
  let oldest = 0
  let sequence = 0
  let load: Load = { events: 0, podUpdates: 0 }
  let startedAt = performance.now()
  let due = { events: 0, podUpdates: 0 }
  let done = { events: 0, podUpdates: 0 }
  let lateMsMax = 0
  const namespaceOf = ({ index }: { index: number }) => namespaceName(index % size.namespaces)
  for (let at = 0; at < standingEvents; at++) writeEvent(Date.now() - 3_000_000)
  let eventsWritten = 0
  let podUpdates = 0

  function writeEvent(nowMs: number): void {
    const { index, ordinal, life } = random.pick(places)
    const namespace = namespaceOf({ index })
    const written = api.create(
      'Event',
      eventOf({ sequence: sequence++, index, ordinal, life, namespace }, nowMs),
    )
    events.push({ namespace, name: written.metadata.name })
  }

  function event(): void {
    eventsWritten++
    const nowMs = Date.now()
    const again =
      events.length > oldest && random.unit() < 1 / 3
        ? events[oldest + random.below(events.length - oldest)]
        : undefined
    const known = again && api.get('Event', again)
    if (!again || !known) writeEvent(nowMs)
    else {
      const message = String(known['message']).replace(/at=\d+/, `at=${nowMs}`)
      api.patch('Event', again, {
        count: Number(known['count']) + 1,
        lastTimestamp: iso(nowMs),
        message,
      })
    }
    while (events.length - oldest > standingEvents) {
      const gone = events[oldest++]
      if (gone) api.remove('Event', gone)
    }
  }

  function podUpdate(): void {
    podUpdates++
    const place = random.pick(places)
    const { index, ordinal, life } = place
    const namespace = namespaceOf(place)
    const name = podName(index, ordinal, life)
    const draw = random.unit()
    if (draw >= lapse.restart) {
      api.remove('Pod', { namespace, name })
      Object.assign(place, { life: life + 1, restarts: 0, ready: true })
      api.create('Pod', podOf(index, ordinal, life + 1, namespace))
      return
    }
    if (draw < lapse.quiet) {
      place.touched++
      api.patch('Pod', { namespace, name }, { metadata: { annotations: { touched: String(place.touched) } } })
      return
    }
    if (draw < lapse.readiness) place.ready = !place.ready
    else place.restarts++
    const { ready, restarts } = place
    const status = podStatus({
      app: appName(index),
      index,
      ordinal,
      life,
      startedAt: iso(Date.now()),
      restarts,
      ready,
    })
    api.patch('Pod', { namespace, name }, { status } satisfies Partial<KubeObject>)
  }

  function tick(): void {
    const elapsed = (performance.now() - startedAt) / 1000
    due = { events: Math.floor(elapsed * load.events), podUpdates: Math.floor(elapsed * load.podUpdates) }
    if (load.events > 0)
      lateMsMax = Math.max(lateMsMax, ((due.events - done.events) / load.events) * 1000 - tickMs)
    for (let left = catchUp(load.events); left > 0 && done.events < due.events; left--, done.events++) event()
    for (
      let left = catchUp(load.podUpdates);
      left > 0 && done.podUpdates < due.podUpdates;
      left--, done.podUpdates++
    )
      podUpdate()
  }

  const catchUp = (perSecond: number) => Math.ceil((perSecond * tickMs * catchUpTicksMax) / 1000)
  setInterval(tick, tickMs)

  return {
    set(next) {
      load = next
      startedAt = performance.now()
      done = { events: 0, podUpdates: 0 }
      lateMsMax = 0
    },
    counts: () => ({ eventsWritten, podUpdates, lateMsMax: Math.round(lateMsMax) }),
  }
}
