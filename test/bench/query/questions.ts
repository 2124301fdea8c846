/** What the screens ask of the service, with the goals in milliseconds (p50). */
export interface Question {
  readonly name: string
  readonly goalMs: number | undefined
  readonly path: string
}

export interface QuerySample {
  readonly traceId: string
  readonly application: string
  readonly service: string
  readonly operation: string
  readonly tenant: string
  /** A database statement and the application that calls it. */
  readonly caller: string
  readonly system: string
  readonly peer: string
  readonly hash: string
}

const hourMs = 3_600_000

export function questions(
  { traceId, application, service, tenant, caller, system, peer, hash }: QuerySample,
  endMs: number,
): Question[] {
  const range = (hours: number, more: Record<string, string> = {}) =>
    new URLSearchParams({ from: String(endMs - hours * hourMs), to: String(endMs), ...more }).toString()
  const within = (path: string, hours: number, more?: Record<string, string>) =>
    `/api/v1/${path}?${range(hours, more)}`
  const app = `applications/${application}`
  return [
    { name: 'trace by id, no time hint', goalMs: 10, path: `/api/v1/traces/${traceId}` },
    { name: 'applications with RED and p95, 1 h', goalMs: undefined, path: within('applications', 1) },
    { name: 'applications with RED and p95, 24 h', goalMs: 50, path: within('applications', 24) },
    { name: 'operations of an application, 24 h', goalMs: undefined, path: within(`${app}/operations`, 24) },
    {
      name: 'transactions of an application, 24 h',
      goalMs: undefined,
      path: within(`${app}/transactions`, 24),
    },
    { name: 'tiers and nodes, 24 h', goalMs: undefined, path: within(`${app}/tiers`, 24) },
    { name: 'dashboard of an application, 1 h', goalMs: undefined, path: within(`${app}/dashboard`, 1) },
    { name: 'dashboard of an application, 24 h', goalMs: undefined, path: within(`${app}/dashboard`, 24) },
    { name: 'flow map, 1 h', goalMs: 100, path: within(`${app}/flow-map`, 1) },
    { name: 'flow map, 24 h', goalMs: 200, path: within(`${app}/flow-map`, 24) },
    {
      name: 'snapshots of an application, 24 h',
      goalMs: 100,
      path: within('snapshots', 24, { application }),
    },
    {
      name: 'snapshots of an application, slow ones, 24 h',
      goalMs: 100,
      path: within('snapshots', 24, { application, reason: 'slow,very slow', sort: 'slowest' }),
    },
    {
      name: 'traces with an attribute, 1 h',
      goalMs: 150,
      path: within('traces', 1, { attributes: `app.tenant=${tenant}` }),
    },
    {
      name: 'traces of a service, slowest, 1 h',
      goalMs: undefined,
      path: within('traces', 1, { service, sort: 'slowest' }),
    },
    {
      name: 'one database statement, 24 h',
      goalMs: 100,
      path: within(`applications/${caller}/statement`, 24, { system, peer, hash }),
    },
    {
      name: 'databases of an application, 24 h',
      goalMs: undefined,
      path: within(`applications/${caller}/databases`, 24),
    },
    {
      name: 'remote services of an application, 24 h',
      goalMs: undefined,
      path: within(`${app}/backends`, 24),
    },
    { name: 'endpoints of an application, 24 h', goalMs: undefined, path: within(`${app}/endpoints`, 24) },
    { name: 'errors of an application, 24 h', goalMs: undefined, path: within(`${app}/errors`, 24) },
  ]
}
