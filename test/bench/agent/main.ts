/**
 * `npm run bench:agent`: what the cluster agent costs and how soon it tells. Writes results/agent.md and agent.json.
 *
 *   --quick              everything in two minutes; figures are rough, and no results are written
 *   --only 1k,10k,…      some of the measurements: 1k, 10k, 50k, stored, informer, traces
 *   --flags "…"          Node flags beyond those of the chart
 */
import { parseArgs } from 'node:util'
import { describeMachine, machineText } from '../support/machine.ts'
import { say } from '../support/say.ts'
import { measureScale, type ScaleConfig } from './scale.ts'

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

const time = quick ? { warmSeconds: 4, seconds: 10 } : { warmSeconds: 15, seconds: 45 }
const scales: readonly ScaleConfig[] = [
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
    ...time,
  },
]

say(machineText(describeMachine('')))
for (const scale of scales) {
  if (!wants(scale.name)) continue
  const result = await measureScale({ ...scale, flags })
  const { residentMib, ...figures } = result
  say(JSON.stringify(figures, undefined, 1))
  say(residentMib.map((one) => one.toFixed(0)).join(' '))
}
