import { loadKubeAccess } from '../kube/access.ts'
import { createKubeClient } from '../kube/client.ts'
import { namespacedResources, namespacesResource, nodesResource } from '../record/kube-api.ts'
import { createStore } from '../service/store/create-store.ts'
import { errorText } from '../std/assert.ts'
import { systemClock } from '../std/clock.ts'
import { silentLog } from '../std/log.ts'
import { agentChecks } from './agent-checks.ts'
import { directoryProblem } from './preflight.ts'

export interface DoctorOptions {
  readonly kubeconfig?: string
  readonly clickhouseUrl?: string
  readonly service?: string
  /** Admin address of a running agent: its own checks, instead of those of this machine. */
  readonly agent?: string
  readonly otlp?: string
  /** Seconds to wait for it. */
  readonly wait: number
  /** Names of checks of this machine; all when absent. */
  readonly only?: readonly string[]
}

export interface Check {
  /** As `--only` takes it. */
  readonly id?: string
  readonly name: string
  /** Resolves to what was found; rejects with what is wrong. */
  run(): Promise<string>
}

/** `binnacle doctor`: a numbered checklist of what service and agent need, or of a running agent; exit code 1 when one fails. */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  let failed = 0
  const checks = checksFor(options).filter(({ id = '' }) => options.only?.includes(id) ?? true)
  if (checks.length === 0)
    throw new Error(`cannot check ${options.only?.join(', ')}: there is no such check here`)
  for (const [index, { name, run }] of checks.entries()) {
    const line = await run().then(
      (found) => `ok    ${name}: ${found}`,
      (error: unknown) => {
        failed++
        return `FAIL  ${name}: ${errorText(error)}`
      },
    )
    process.stdout.write(`${index + 1}. ${line}\n`)
  }
  return failed === 0 ? 0 : 1
}

function checksFor({ kubeconfig, clickhouseUrl, service, agent, otlp, wait }: DoctorOptions): Check[] {
  if (agent) return agentChecks({ agent, otlp, withinMs: wait * 1_000 })
  return [
    {
      id: 'node',
      name: 'Node',
      run: async () => `version ${process.versions.node} on ${process.platform} ${process.arch}`,
    },
    {
      id: 'directory',
      name: 'working directory',
      async run() {
        const problem = directoryProblem('.binnacle', 1024 ** 3)
        if (problem) throw new Error(problem)
        return 'writable, at least 1 GiB free'
      },
    },
    ...(clickhouseUrl
      ? [{ id: 'clickhouse', name: 'ClickHouse', run: () => clickhouse(clickhouseUrl) }]
      : []),
    ...(service ? [{ id: 'service', name: 'Binnacle service', run: () => ready(service) }] : []),
    { id: 'kubernetes', name: 'Kubernetes API server', run: () => kubernetes(kubeconfig) },
  ]
}

async function clickhouse(url: string): Promise<string> {
  const store = createStore({ url, database: 'default' })
  try {
    const [row] = await store.query<{ version: string }>({ sql: 'SELECT version() AS version', params: {} })
    return `${url} answers, version ${row?.version}`
  } finally {
    await store.close()
  }
}

async function ready(url: string): Promise<string> {
  const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`${url} is not ready: ${(await response.text()).slice(0, 200)}`)
  return `${url} is ready`
}

/** Asks for every kind that the agent watches, one object each. */
async function kubernetes(kubeconfig: string | undefined): Promise<string> {
  const access = await loadKubeAccess({
    clock: systemClock,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  })
  const client = createKubeClient({ access, log: silentLog })
  try {
    const resources = [namespacesResource, nodesResource, ...namespacedResources]
    const refusals: string[] = []
    for (const resource of resources) {
      const page = await client.list({ resource, limit: 1, signal: AbortSignal.timeout(10_000) }, () => {})
      if (page.type !== 'error') continue
      // Nobody answers: asking for the others would only take longer to say the same.
      if (page.status === 0)
        throw new Error(`cannot list ${resource.plural} at ${client.server}: ${page.message}`)
      refusals.push(`${resource.plural} (${page.message})`)
    }
    if (refusals.length > 0) throw new Error(`cannot list at ${client.server}: ${refusals.join(', ')}`)
    return `${client.server} lets us list ${resources.map(({ plural }) => plural).join(', ')}`
  } finally {
    await client.close()
  }
}
