/**
 * `npm run bench:agent`: what the cluster agent costs and how soon it tells. Writes results/agent.md and agent.json.
 *
 *   --quick              everything in two minutes; figures are rough, and no results are written
 *   --only 1k,10k,…      some of the measurements: state, 1k, 10k, 50k, stored, informer, traces
 *   --flags "…"          Node flags beyond those of the chart
 */
import { parseArgs } from 'node:util'
import { describeMachine, machineText } from '../support/machine.ts'
import { writeResults } from '../support/report.ts'
import { say } from '../support/say.ts'
import { chartEnvironment } from './agent-process.ts'
import { measureInformer } from './informer.ts'
import { type AgentResults, agentReport } from './report.ts'
import { measureScale, type ScaleConfig, type ScaleResult } from './scale.ts'
import { measureStored } from './stored.ts'
import { measureTracePath, type TracePathFigures } from './trace-path.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    flags: { type: 'string', default: '' },
  },
})
const { quick } = values
const wanted = values.only.split(',').filter(Boolean)
const wants = (name: string) => wanted.length === 0 || wanted.includes(name)
const flags = values.flags.split(' ').filter(Boolean)

const time = quick ? { warmSeconds: 4, seconds: 10 } : { warmSeconds: 15, seconds: 30 }
const scales: readonly ScaleConfig[] = [
  {
    name: 'state',
    size: { pods: 200, namespaces: 5 },
    load: { events: 4, podUpdates: 3 },
    standingEvents: 800,
    memoryLimit: '64Mi',
    // As docs/edge.md recommends.
    config: { mode: 'state', watch: { namespacesMax: 0 } },
    ...time,
  },
  {
    name: '1k',
    size: { pods: 1_000, namespaces: 20 },
    load: { events: 20, podUpdates: 16 },
    standingEvents: 4_000,
    ...time,
  },
  {
    name: '10k',
    size: { pods: 10_000, namespaces: 100 },
    load: { events: 200, podUpdates: 160 },
    standingEvents: 40_000,
    ...time,
  },
  {
    name: '50k',
    size: { pods: 50_000, namespaces: 300 },
    load: { events: 500, podUpdates: 400 },
    standingEvents: 100_000,
    // More pods than the chart's limits are for: as with a memory limit of 768Mi.
    flags: ['--max-old-space-size=480'],
    ...time,
  },
]

const machine = describeMachine('embedded')
say(machineText(machine))
const [, smallest, middle] = scales as [ScaleConfig, ScaleConfig, ScaleConfig]
const scaleResults: ScaleResult[] = []
for (const scale of scales) {
  // Filling the API server with 50,000 pods alone takes half a minute.
  if (!wants(scale.name) || (quick && wanted.length === 0 && scale.name === '50k')) continue
  scaleResults.push(told(await measureScale({ ...scale, flags: [...(scale.flags ?? []), ...flags] })))
}
const stored = wants('stored')
  ? told(await measureStored(quick ? { ...smallest, name: 'stored' } : { ...middle, name: 'stored' }))
  : undefined
const informer =
  wants('informer') && !quick ? told(await measureInformer({ ...middle, name: 'informer' })) : undefined
const traces: TracePathFigures[] = []
if (wants('traces'))
  for (const encoding of ['gzip', 'plain'] as const)
    traces.push(told(await measureTracePath({ encoding, requests: quick ? 300 : 2_000 })))

const results: AgentResults = {
  machine,
  flags: [chartEnvironment()['NODE_OPTIONS'], ...flags].join(' '),
  scales: scaleResults,
  stored,
  informer,
  traces,
}
const markdown = agentReport(results)
process.stdout.write(`${markdown}\n`)
if (!quick && wanted.length === 0 && flags.length === 0) writeResults('agent', { markdown, data: results })

/** One line of progress that says what was found. */
function told<T extends object>(result: T): T {
  say(
    JSON.stringify(result, (_, value) =>
      Array.isArray(value) ? undefined : typeof value === 'number' ? Number(value.toPrecision(4)) : value,
    ),
  )
  return result
}
