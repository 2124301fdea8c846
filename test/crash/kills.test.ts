import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../bench/corpus/random.ts'
import { type Stack, startStack } from '../e2e/stack.ts'
import {
  eventually,
  startCli,
  startNode,
  type TempDirectory,
  type TestProcess,
  tempDirectory,
} from '../support/processes.ts'
import { testSeed } from '../support/test-seed.ts'
import { recordsPerRequest, spansPerRequest } from './requests.ts'
import { expectLedger } from './stored.ts'

const killsForMs = Number(process.env['BINNACLE_TEST_KILL_SECONDS'] ?? 90) * 1000
const seed = testSeed()
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Sends to the service or through the agent; a killed one is followed by another with ids of its own. */
interface Sender {
  readonly to: 'service' | 'agent'
  process: TestProcess
  journal: string
}

interface Counted {
  readonly red: { readonly calls: number }
}

/** Of the API's answers what is counted here; each has some of it. */
interface Screens {
  readonly applications: readonly (Counted & { readonly application: string })[]
  readonly operations: readonly Counted[]
  readonly nodes: readonly (Counted & { readonly id: string; readonly type: string })[]
  readonly edges: readonly (Counted & { readonly from: string })[]
  readonly histogram: { readonly series: readonly { readonly points: readonly (number | null)[] }[] }
  readonly spans: readonly unknown[]
}

const callsOf = (rows: readonly Counted[]) => rows.reduce((sum, { red }) => sum + red.calls, 0)

const victims = ['service', 'engine', 'agent', 'sender'] as const
type Victim = (typeof victims)[number]

/** Undefined while it is not there. */
function enginePids(servicePid: number | undefined): number[] | undefined {
  // 1: nothing was found.
  const { status, stdout } = spawnSync('pgrep', ['-P', String(servicePid), '-f', 'embedded/main'])
  if (status === 1) return undefined
  expect(status).toBe(0)
  return stdout.toString().trim().split('\n').map(Number)
}

describe(`processes killed with SIGKILL under load, seed ${seed}`, () => {
  const random = createRandom(seed)
  const startedMs = Date.now()
  let stack: Stack
  let directory: TempDirectory
  let senders: Sender[]
  let started = 0
  const journals: string[] = []
  const kills = new Map<Victim, number>()

  beforeAll(async () => {
    directory = tempDirectory('kills')
    stack = await startStack()
    senders = (['service', 'agent', 'service', 'agent'] as const).map((to) => ({
      to,
      ...startSender(to),
    }))
  })
  afterAll(async () => {
    await Promise.all((senders ?? []).map(({ process: sender }) => sender.kill('SIGKILL')))
    await stack?.close()
    directory?.remove()
  })

  function startSender(to: Sender['to']): Omit<Sender, 'to'> {
    const journal = join(directory.path, `${started}`)
    journals.push(journal)
    const pod = stack.kube.get('Pod', { namespace: 'shop', name: 'ordini-v1' })
    const url = to === 'service' ? stack.serviceUrl : stack.otlpUrl
    const podUid = to === 'agent' ? [pod?.metadata.uid ?? ''] : []
    const args = ['test/crash/sender-process.ts', url, journal, String(started++), ...podUid]
    return { journal, process: startNode(args) }
  }

  const murders: Readonly<Record<Victim, () => Promise<void>>> = {
    async service() {
      await stack.service().kill('SIGKILL')
      await pause(random.below(1_500))
      await stack.startService()
    },
    async engine() {
      // One that was killed a moment ago is being started again.
      const pids = await eventually('the engine runs', () => enginePids(stack.service().pid))
      for (const pid of pids) process.kill(pid, 'SIGKILL')
    },
    async agent() {
      await stack.agent().kill('SIGKILL')
      await pause(random.below(1_500))
      await stack.startAgent()
    },
    async sender() {
      const sender = senders[random.below(senders.length)]
      if (!sender) return
      await sender.process.kill('SIGKILL')
      Object.assign(sender, startSender(sender.to))
    },
  }

  function written(letter: 'T' | 'A' | 'L' | 'B'): Set<string> {
    const lines = journals.flatMap((journal) => {
      try {
        return readFileSync(journal, 'utf8').split('\n')
      } catch {
        // Killed before it wrote anything.
        return []
      }
    })
    return new Set(lines.filter((line) => line.startsWith(`${letter} `)).map((line) => line.slice(2)))
  }

  const storedTraces = async () => {
    const rows = await stack.query<{ id: string; spans: number }>(
      "SELECT hex(trace_id) AS id, toUInt32(count()) AS spans FROM spans FINAL WHERE startsWith(service, 'crash-') GROUP BY trace_id",
    )
    return new Map(rows.map(({ id, spans }) => [id, Number(spans)]))
  }

  test('what was acknowledged is stored whole, once, and nothing else', {
    timeout: killsForMs + 180_000,
  }, async () => {
    const end = Date.now() + killsForMs
    while (Date.now() < end) {
      await pause(300 + random.below(1_200))
      const victim = random.pick(victims)
      await murders[victim]()
      kills.set(victim, (kills.get(victim) ?? 0) + 1)
    }
    // One that was started a moment ago would still die of SIGTERM.
    await eventually('every sender has begun', () =>
      senders.every(({ journal }) => existsSync(journal)) ? true : undefined,
    )
    const codes = await Promise.all(senders.map(({ process: sender }) => sender.kill('SIGTERM')))
    expect(codes, senders.map(({ process: sender }) => sender.output()).join('')).toEqual(
      senders.map(() => 0),
    )
    const acknowledged = written('A')
    const tried = written('T')
    const stored = await eventually(
      'everything acknowledged is stored',
      async () => {
        const now = await storedTraces()
        return [...acknowledged].every((id) => now.has(id)) ? now : undefined
      },
      { withinMs: 90_000, everyMs: 500, hint: () => stack.agent().output().slice(-2_000) },
    )
    expect([...stored.keys()].filter((id) => !tried.has(id))).toEqual([])
    expect([...stored].filter(([, spans]) => spans !== spansPerRequest)).toEqual([])
    const told = [...kills].map(([victim, times]) => `${victim} ${times}`).join(', ')
    console.log(
      `kills: seed ${seed}; ${told}; ${tried.size} requests tried, ${acknowledged.size} acknowledged, ${stored.size} stored, ${stored.size * spansPerRequest} spans`,
    )
  })

  test('log batches with ids: no record lost, none twice, though logs have no key', async () => {
    const acknowledged = written('B')
    const tried = written('L')
    const rows = await stack.query<{ batch: string; records: number; different: number }>(
      `SELECT concat(service, '/boot/', splitByChar(' ', body)[1]) AS batch, toUInt32(count()) AS records,
         toUInt32(uniqExact(body)) AS different FROM logs WHERE startsWith(service, 'crash-') GROUP BY batch`,
    )
    const stored = new Map(rows.map((row) => [row.batch, row]))
    expect(acknowledged.size).toBeGreaterThan(0)
    expect([...acknowledged].filter((id) => stored.get(id)?.different !== recordsPerRequest)).toEqual([])
    expect(rows.filter(({ records, different }) => records !== different)).toEqual([])
    expect(rows.filter(({ batch }) => !tried.has(batch))).toEqual([])
    console.log(
      `kills: seed ${seed}; ${tried.size} log batches tried, ${acknowledged.size} acknowledged, ${rows.length} stored`,
    )
  })

  test('rollups equal the raw spans', { timeout: 60_000 }, async () => {
    const at = (ms: number) => new Date(ms).toISOString()
    const rebuild = startCli(
      ...['rollup', '--rebuild', at(startedMs - 15 * 60_000), at(Date.now())],
      ...['--clickhouse-url', stack.clickhouseUrl],
    )
    expect(await rebuild.exited, rebuild.output()).toBe(0)
    const [rolled] = await stack.query<{ calls: number }>(
      `SELECT sum(calls) AS calls FROM red_1m FINAL WHERE startsWith(service, 'crash-')
         AND (minute, generation) IN (SELECT minute, max(generation) FROM red_1m GROUP BY minute)`,
    )
    expect(Number(rolled?.calls)).toBe((await storedTraces()).size)
  })

  // Long ranges are answered by rollups, which come to spans of minutes ago with a delay: here they have just been made anew.
  test('every screen counts what is stored', { timeout: 60_000 }, async () => {
    const stored = await storedTraces()
    const range = `from=${Date.now() - 3_600_000}&to=${Date.now() + 60_000}`
    const ask = async (path: string) =>
      (await (await fetch(`${stack.serviceUrl}/api/v1/${path}`)).json()) as Screens
    const { applications } = await ask(`applications?${range}`)
    const counts = { applications: callsOf(applications), operations: 0, tiers: 0, entries: 0, traces: 0 }
    for (const { application } of applications) {
      const path = `applications/${encodeURIComponent(application)}`
      counts.operations += callsOf((await ask(`${path}/operations?${range}`)).operations)
      const { nodes, edges } = await ask(`${path}/flow-map?${range}`)
      counts.tiers += callsOf(nodes.filter(({ type }) => type === 'tier'))
      const clients = new Set(nodes.filter(({ type }) => type === 'client').map(({ id }) => id))
      counts.entries += callsOf(edges.filter(({ from }) => clients.has(from)))
    }
    const { histogram } = await ask(`traces?${range}`)
    counts.traces = histogram.series
      .flatMap(({ points }) => points)
      .reduce((sum: number, count) => sum + (count ?? 0), 0)
    const all = stored.size
    expect(counts).toEqual({ applications: all, operations: all, tiers: all, entries: all, traces: all })
    // Each trace as it is opened: the first, the last and some between.
    const ids = [...stored.keys()]
    for (const id of [ids[0], ids.at(-1), ...Array.from({ length: 8 }, () => random.pick(ids))])
      expect((await ask(`traces/${id?.toLowerCase()}`)).spans).toHaveLength(spansPerRequest)
  })

  test('the ledger of the service holds', () => expectLedger(stack.serviceUrl))
})
