import type { FakeKubeApi } from '../support/kube-api/server.ts'

export type Random = () => number

export const pick = <T>(random: Random, from: readonly T[]): T => {
  const found = from[Math.floor(random() * from.length)]
  if (found === undefined) throw new Error('nothing to pick from')
  return found
}

export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

const resources = ['namespaces', 'pods', 'replicasets', 'deployments', 'events']

/**
 * What the API server, the network and etcd do wrong, each switched at run time. `calm` ends those that last. Not among
 * them: a change that is lost without a trace, and versions that go backwards, which come with a moment of their own.
 */
export const kubeFaults: Record<string, (api: FakeKubeApi, random: Random) => unknown> = {
  close: ({ faults }) => faults.closeWatches(),
  'cut a line': ({ faults }) => faults.cutWatches('line'),
  'cut a character': ({ faults }) => faults.cutWatches('character'),
  garble: ({ faults }) => faults.garbleWatches(),
  silence: ({ faults }) => faults.silenceWatches(),
  reset: ({ faults }) => faults.resetConnections(),
  restart: ({ faults }, random) => faults.restart({ downMs: random() * 60 }),
  compact: ({ faults }) => faults.compact(),
  '410 in the stream': ({ faults }) => faults.errorOnWatches(410),
  '500 in the stream': ({ faults }) => faults.errorOnWatches(500),
  '504 in the stream': ({ faults }) => faults.errorOnWatches(504),
  '429 in the stream': ({ faults }) => faults.errorOnWatches(429),
  status: ({ faults }, random) =>
    faults.fail({
      match: new RegExp(pick(random, resources)),
      status: pick(random, [400, 401, 403, 404, 410, 422, 500, 503, 504]),
      times: 1 + Math.floor(random() * 3),
    }),
  'too many requests': ({ faults }, random) =>
    faults.fail({ match: new RegExp(pick(random, resources)), status: 429, times: 3, retryAfterSeconds: 1 }),
  forbid: ({ faults }, random) =>
    faults.forbid({ resource: pick(random, resources), verb: pick(random, ['list', 'watch']) }),
  heal: ({ faults }) => faults.heal(),
  'token rotates': ({ faults }, random) => {
    faults.token = `token-${random()}`
  },
  'a list that hangs': ({ faults }, random) =>
    faults.hang({ match: new RegExp(`${pick(random, resources)}\\?.*limit`), times: 1 }),
  'lists that break off': ({ faults }) => {
    faults.cutLists = 2
  },
  drip: ({ faults }, random) => {
    faults.drip = random() < 0.5 ? undefined : { bytes: 700, everyMs: 1 }
  },
  chunks: ({ faults }, random) => {
    faults.chunkBytes = random() < 0.5 ? undefined : 1 + Math.floor(random() * 50)
  },
  'watch-list': ({ faults }, random) => {
    faults.watchList = pick(random, [true, false, 'ignored' as const])
  },
  'watch-list dies': ({ faults }, random) => {
    faults.watchListDiesAfter = random() < 0.5 ? undefined : 1
  },
  bookmarks: ({ faults }, random) => {
    faults.bookmarks = pick(random, [true, false, 'before-close' as const])
  },
  'expired as': ({ faults }, random) => {
    faults.expiredAs = pick(random, ['http', 'stream'] as const)
  },
  'future watch': ({ faults }, random) => {
    faults.futureWatch = pick(random, ['refuse', 'wait'] as const)
  },
  'stale cache': ({ faults }, random) => (random() < 0.5 ? faults.freezeCache() : faults.thawCache()),
  duplicates: ({ faults }, random) => {
    faults.duplicateEvents = random() < 0.5
  },
  'out of date': ({ faults }, random) => faults.replay(1 + Math.floor(random() * 4)),
  'modified first': ({ faults }, random) => {
    faults.modifiedFirst = random() < 0.5
  },
  'null lists': ({ faults }, random) => {
    faults.nullLists = random() < 0.5
  },
  'versions jump': ({ faults }, random) =>
    faults.skipVersions(random() < 0.2 ? 9_007_199_254_740_993n : 1_000n),
  'clock skew': ({ faults }, random) => {
    faults.clockSkewMs = pick(random, [-3_600_000, 0, 3_600_000])
  },
}

/** Ends the faults that last; what they did before may still have its effect. */
export function calm({ faults }: FakeKubeApi): void {
  faults.heal()
  faults.thawCache()
  Object.assign(faults, {
    cutLists: 0,
    drip: undefined,
    chunkBytes: undefined,
    watchList: true,
    watchListDiesAfter: undefined,
    bookmarks: true,
    duplicateEvents: false,
    modifiedFirst: false,
  })
}
