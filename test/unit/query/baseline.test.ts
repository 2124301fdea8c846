import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type BaselineMetric,
  type BaselineWindow,
  bandOf,
  baselineMetrics,
  deviationOf,
  type Season,
  seasonDays,
  type Usual,
  usualOfWindows,
  windowsOf,
} from '../../../collector/service/query/baseline.ts'
import {
  type BaselineHoursRow,
  type BaselineLevel,
  baselineHoursQuery,
  type EntityHoursRow,
  entityHoursQuery,
} from '../../../collector/service/query/baseline-sql.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type HistoryHour, seedHistory } from '../../support/seed/history.ts'
import { testSeed } from '../../support/test-seed.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const hour = 3_600_000
const day = 24 * hour
/** A Monday, 10:00 UTC, two days after clocks in Rome were put back. */
const mondayMs = Date.UTC(2026, 9, 26, 10)
/** Far from the hours of the model. */
const laterMs = mondayMs + 61 * day

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse?.close())

interface Asked {
  readonly application?: string
  readonly level?: BaselineLevel
  readonly fromMs?: number
  readonly toMs?: number
  readonly season?: Season
  readonly zone?: string
}

async function ask({
  application = 'shop',
  level = 'operation',
  fromMs = laterMs,
  toMs = fromMs + hour,
  season = 'daily',
  zone = 'UTC',
}: Asked) {
  const window = windowsOf({ fromMs, toMs, season, zone })[0] as BaselineWindow // A range is one window.
  const query = entityHoursQuery({ level, application, season, zone }, window)
  const rows = await clickHouse.store.query<EntityHoursRow>(query)
  return rows.map((row) => ({ ...row, ...(usualOfWindows(row, [window], season)[0] as UsualOfAll) }))
}
type UsualOfAll = ReturnType<typeof usualOfWindows>[number]

async function askSteps(scope: Required<Omit<Asked, 'level'>> & { stepMs: number }) {
  const windows = windowsOf(scope)
  const [row] = await clickHouse.store.query<BaselineHoursRow>(
    baselineHoursQuery({ ...scope, level: 'application' }, windows),
  )
  const usual = row ? usualOfWindows(row, windows, scope.season) : []
  return windows.map(({ timeMs }, index) => ({ timeMs, ...usual[index] }))
}

const hourOf = (hourMs: number, calls: number, more: Partial<HistoryHour> = {}): HistoryHour => ({
  hourMs,
  calls,
  durations: [[20, calls]],
  ...more,
})

describe('worked by hand', () => {
  const application = 'by-hand'
  beforeAll(() =>
    seedHistory(clickHouse.store, [
      // 1, 2, 3 and 6 calls a minute at ten on four days; mean response time 10, 20, 30 and 60 ms.
      ...[60, 120, 180, 360].map((calls, index) =>
        hourOf(laterMs - (6 - index) * day, calls, {
          application,
          errors: index === 3 ? 36 : 0,
          durations: [[calls / 6, calls]],
        }),
      ),
      // The day before yesterday the service ran and was not called; of yesterday nothing is stored at all.
      hourOf(laterMs - 2 * day, 0, { application }),
      // Other hours, the hour itself and what is older than 30 days do not count.
      hourOf(laterMs - 1 * hour, 60_000, { application }),
      hourOf(laterMs, 60_000, { application }),
      hourOf(laterMs - 40 * day, 60_000, { application }),
    ]),
  )

  test('mean, σ, median and MAD over the same hour of the last 30 days', async () => {
    const [row, ...others] = await ask({ application })
    expect(others).toEqual([])
    expect(row).toMatchObject({
      application,
      service: 'magnanimo',
      operation: 'GET /hw2',
    })
    // 1, 2, 3, 6, 0: mean 2.4; squared distances 1.96 + 0.16 + 0.36 + 12.96 + 5.76 = 21.2, / 4 = 5.3; distances to 2: 1, 0, 1, 4, 2.
    expect(row?.callsPerMinute).toEqual({
      hours: 5,
      mean: 2.4,
      sigma: near(Math.sqrt(5.3)),
      median: 2,
      mad: 1,
    })
    // 10, 20, 30, 60: mean 30; 400 + 100 + 0 + 900 = 1400, / 3; median 25, distances 15, 5, 5, 35. The hour without calls has none.
    expect(row?.meanMs).toEqual({ hours: 4, mean: 30, sigma: near(Math.sqrt(1400 / 3)), median: 25, mad: 10 })
    expect(row?.errorsPerMinute).toMatchObject({ hours: 5, mean: near(0.12), median: 0, mad: 0 })
    expect(row?.errorRatio).toMatchObject({ hours: 4, mean: near(0.025) })
  })

  test('a single hour has a mean and no σ; an application that was never called has no row', async () => {
    const [row] = await ask({ application, fromMs: laterMs - 5 * day })
    expect(row?.meanMs).toEqual({ hours: 1, mean: 10, sigma: null, median: 10, mad: 0 })
    expect(await ask({ application: 'nobody' })).toEqual([])
  })

  test('an hour that was computed again counts as it was computed last', async () => {
    const again = 'computed-twice'
    const at = laterMs + 10 * day
    await seedHistory(clickHouse.store, [hourOf(at, 60, { application: again, version: 'old' })], 1)
    await seedHistory(clickHouse.store, [hourOf(at, 120, { application: again, version: 'new' })], 2)
    const rows = await ask({ application: again, fromMs: at + day })
    expect(rows.map((row) => row.callsPerMinute.mean)).toEqual([2])
  })
})

test('the quiet hours of a tier count from its first call, whichever operations it had', async () => {
  const application = 'grows'
  const hours = [5, 4, 3, 2, 1].map((days) => laterMs - days * day)
  await seedHistory(clickHouse.store, [
    ...hours.map((at) => hourOf(at, 60, { application, operation: 'GET /old', entering: true })),
    ...hours.slice(3, 4).map((at) => hourOf(at, 60, { application, operation: 'GET /new', entering: false })),
  ])
  const rates = async (level: BaselineLevel) =>
    (await ask({ application, level })).map(({ callsPerMinute: { hours, mean } }) => [hours, mean])
  expect(await rates('operation')).toEqual([
    [2, 0.5],
    [5, 1],
  ])
  expect(await rates('transaction')).toEqual([[5, 1]])
  expect(await rates('tier')).toEqual([[5, 1.2]])
  expect(await rates('application')).toEqual([[5, 1]])
})

describe('against a plain model over random hours', () => {
  const seed = testSeed()
  const application = 'random'
  let history: HistoryHour[]
  beforeAll(async () => {
    history = randomHistory(seed, application)
    await seedHistory(clickHouse.store, history)
  })

  test.each([
    ['all', 'UTC'],
    ['daily', 'UTC'],
    ['daily', 'Europe/Rome'],
    ['weekly', 'America/St_Johns'],
    ['monthly', 'Europe/Rome'],
  ] as const)(`%s in %s (BINNACLE_TEST_SEED=${seed})`, async (season, zone) => {
    const scope = { fromMs: mondayMs - 5 * hour + 60_000, toMs: mondayMs + 90_000, season, zone, application }
    const rows = await ask(scope)
    for (const operation of ['GET /a', 'GET /b']) {
      const own = history.filter((one) => one.operation === operation)
      const row = rows.find((one) => one.operation === operation)
      const want = modelOf(own, { ...scope, windows: [[scope.fromMs, scope.toMs]] })
      for (const metric of baselineMetrics) expect(row?.[metric], metric).toEqual(want[0]?.[metric])
    }
    const entering = history.filter((one) => one.operation === 'GET /a')
    for (const stepMs of [60_000, 3 * hour]) {
      const lengthMs = Math.max(stepMs, hour)
      const windows: [number, number][] = []
      for (let at = Math.floor(scope.fromMs / lengthMs) * lengthMs; at < scope.toMs; at += lengthMs)
        windows.push([at, at + lengthMs])
      const want = modelOf(entering, { ...scope, windows })
      expect(await askSteps({ ...scope, stepMs })).toEqual(
        want.map((one, index) => ({ timeMs: windows[index]?.[0], ...one })),
      )
    }
  })
})

test('the band is two σ wide, or two of 1.4826 MAD, from three hours on, and not below zero', () => {
  const usual = { hours: 3, mean: 10, sigma: 6, median: 9, mad: 2 }
  expect(bandOf(usual, 'sigma')).toEqual({ center: 10, spread: 6, lower: 0, upper: 22, hours: 3 })
  expect(bandOf(usual, 'robust')).toEqual({
    center: 9,
    spread: 2.9652,
    lower: near(3.0696),
    upper: near(14.9304),
    hours: 3,
  })
  expect(bandOf({ ...usual, hours: 2 }, 'sigma')).toBeNull()
  const band = bandOf(usual, 'sigma')
  expect(band && deviationOf(band, 28)).toBe(3)
  expect(band && deviationOf({ ...band, spread: 0 }, 28)).toBeNull()
})

const near = (value: number) => expect.closeTo(value, 6)

function randomHistory(seed: number, application: string): HistoryHour[] {
  let state = seed + 1
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
  const hours: HistoryHour[] = []
  for (let back = 380 * 24; back >= -3; back--) {
    // Most of the year is read by the monthly season only: a few hours a day are enough.
    const hourMs = mondayMs - back * hour
    if (back > 95 * 24 && (new Date(hourMs).getUTCHours() - 4) % 24 > 8) continue
    if (random() < 0.1) continue
    for (const operation of ['GET /a', 'GET /b']) {
      const calls = random() < 0.2 ? 0 : Math.ceil(random() * 1_000)
      const durations = [[Math.round(random() * 1e5) / 100 + 1, calls] as const]
      const errors = Math.floor(random() * calls)
      hours.push({
        hourMs,
        application,
        operation,
        entering: operation === 'GET /a',
        calls,
        errors,
        durations,
      })
    }
  }
  return hours
}

/** Hour of day, weekday and day of month on the clocks of a zone. */
function clockOf(zone: string): (ms: number) => Record<string, string> {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    hourCycle: 'h23',
    weekday: 'short',
    day: '2-digit',
  })
  const read = new Map<number, Record<string, string>>()
  return (ms) => {
    const known =
      read.get(ms) ?? Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]))
    read.set(ms, known)
    return known
  }
}

/** What is usual for one operation in each window. */
function modelOf(
  history: readonly HistoryHour[],
  scope: { season: Season; zone: string; windows: readonly (readonly [fromMs: number, toMs: number])[] },
): Record<BaselineMetric, Usual>[] {
  const clock = clockOf(scope.zone)
  const alike = (ms: number) => {
    const at = clock(ms)
    switch (scope.season) {
      case 'all':
        return ''
      case 'daily':
        return at['hour']
      case 'weekly':
        return `${at['weekday']} ${at['hour']}`
      case 'monthly':
        return `${at['day']} ${at['hour']}`
    }
  }
  const floor = (ms: number) => Math.floor(ms / hour) * hour
  return scope.windows.map(([fromMs, toMs]) => {
    const wanted = new Set<string | undefined>()
    for (let at = floor(fromMs); at < toMs; at += hour) wanted.add(alike(at))
    const past = new Set<number>()
    for (let at = floor(fromMs) - hour; at >= floor(fromMs) - seasonDays[scope.season] * day; at -= hour)
      if (wanted.has(alike(at))) past.add(at)
    const stored = history.filter((one) => past.has(one.hourMs))
    const called = stored.filter((one) => one.calls > 0)
    const first = Math.min(...called.map((one) => one.hourMs))
    const counted = stored.filter((one) => one.hourMs >= first)
    const msOf = (one: HistoryHour) => one.durations[0]?.[0] ?? 0
    return {
      callsPerMinute: usualOf(counted.map((one) => one.calls / 60)),
      meanMs: usualOf(called.map(msOf)),
      // The middle of the bucket, 8 a doubling of ns, or what was measured if that is less.
      p95Ms: usualOf(
        called.map((one) =>
          Math.min(msOf(one), 2 ** ((Math.floor(Math.log2(msOf(one) * 1e6) * 8) + 0.5) / 8) / 1e6),
        ),
      ),
      errorsPerMinute: usualOf(counted.map((one) => (one.errors ?? 0) / 60)),
      errorRatio: usualOf(called.map((one) => (one.errors ?? 0) / one.calls)),
    }
  })
}

function usualOf(values: readonly number[]): Usual {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0)
  const median = medianOf(values)
  return {
    hours: values.length,
    mean: near(mean),
    sigma: values.length < 2 ? null : near(Math.sqrt(squares / (values.length - 1))),
    median: near(median),
    mad: near(medianOf(values.map((one) => Math.abs(one - median)))),
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
