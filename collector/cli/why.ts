import { loadAgentConfig } from '../agent/config.ts'
import { loadKubeAccess } from '../kube/access.ts'
import { createKubeClient } from '../kube/client.ts'
import { explainScope, parseScopeRules, type ScopeExplanation } from '../scope/decide.ts'
import { errorText } from '../std/assert.ts'
import { systemClock } from '../std/clock.ts'
import { silentLog } from '../std/log.ts'

export interface WhyOptions {
  readonly config?: string
  readonly kubeconfig?: string
  readonly json?: boolean
  /** Admin address of a running agent. */
  readonly agent?: string
}

/**
 * `binnacle why NAMESPACE`: asks a running agent, which knows what the UI has set; without one, asks the API server for the
 * namespace and runs the agent's own decision on it. Exit code 0: collected, 3: not.
 */
export async function runWhy(name: string, options: WhyOptions): Promise<number> {
  const explanation = options.agent ? await askAgent(name, options.agent) : await decideHere(name, options)
  process.stdout.write(
    options.json ? `${JSON.stringify({ namespace: name, ...explanation })}\n` : text(name, explanation),
  )
  return explanation.selected ? 0 : 3
}

async function askAgent(name: string, agent: string): Promise<ScopeExplanation> {
  const url = new URL(`/status/namespaces/${encodeURIComponent(name)}`, agent)
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    if (!response.ok) throw new Error(`it answers ${response.status}`)
    return (await response.json()) as ScopeExplanation // What our own agent answers.
  } catch (error) {
    throw new Error(`cannot ask the agent at ${agent}: ${errorText(error)}`, { cause: error })
  }
}

async function decideHere(name: string, options: WhyOptions): Promise<ScopeExplanation> {
  const config = loadAgentConfig({ file: options.config, env: process.env })
  const rules = parseScopeRules({
    ...config.namespaces,
    ...(config.watch.mode === 'namespaced' ? { listed: config.watch.namespaces } : {}),
  })
  return explainScope(rules, await readNamespace(name, options.kubeconfig))
}

async function readNamespace(name: string, kubeconfig: string | undefined) {
  const access = await loadKubeAccess({
    clock: systemClock,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  })
  const client = createKubeClient({ access, log: silentLog })
  try {
    const found = await client.get(
      `/api/v1/namespaces/${encodeURIComponent(name)}`,
      AbortSignal.timeout(15_000),
    )
    if (found.type === 'error') throw new Error(`cannot read namespace ${name}: ${found.message}`)
    const metadata = (found.object['metadata'] ?? {}) as {
      uid?: string
      labels?: Record<string, string>
      annotations?: Record<string, string>
    }
    return {
      name,
      uid: metadata.uid ?? '',
      labels: metadata.labels ?? {},
      rancherProject: metadata.annotations?.['field.cattle.io/projectId'] ?? '',
    }
  } finally {
    await client.close()
  }
}

function text(name: string, { selected, reason, ladder }: ScopeExplanation): string {
  const lines = ladder.map(({ rule, source, matched, deciding, selects, detail }) => {
    const mark = deciding ? '▶' : matched ? '·' : ' '
    const effect = matched ? (selects ? 'collect' : 'leave out') : '–'
    return `  ${mark} ${rule.padEnd(34)} ${sources[source].padEnd(12)} ${effect.padEnd(10)} ${detail}`
  })
  return `${name} is ${selected ? 'collected' : 'not collected'}: ${reason}\n\n${lines.join('\n')}\n`
}

const sources = { labels: 'label', remote: 'from the UI', values: 'Helm values' } as const
