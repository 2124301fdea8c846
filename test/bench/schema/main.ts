/**
 * `npm run bench:schema`: the sort order and the codecs of `spans`, measured. Options: --traces (2,500,000), --rounds (5),
 * --part order|codecs|all, --requests (how many requests of the lean corpus the codecs are tried on; 2,000), --only (a
 * regular expression over the names of codec variants).
 */
import { parseArgs } from 'node:util'
import { startBenchEngine } from '../support/engine.ts'
import { describeMachine, machineText } from '../support/machine.ts'
import { writeResults } from '../support/report.ts'
import { codecReport, compareCodecs } from './codecs.ts'
import { compareOrders, orderReport } from './order.ts'

const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: '2500000' },
    rounds: { type: 'string', default: '5' },
    part: { type: 'string', default: 'all' },
    requests: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
  },
})

const engine = await startBenchEngine()
try {
  const admin = await engine.database('bench')
  const [found] = await admin.rows<{ version: string }>('SELECT version() AS version')
  const machine = describeMachine(found?.version ?? '')
  // A whole hour, so that the hours of the sort key are whole too.
  const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000
  if (values.part !== 'codecs') {
    const results = await compareOrders(engine, {
      traces: Number(values.traces),
      endMs,
      rounds: Number(values.rounds),
    })
    const markdown = `# Sort order of \`spans\`\n\n${machineText(machine)}\n\n${orderReport(results)}`
    process.stdout.write(`${markdown}\n`)
    writeResults('schema-order', { markdown, data: { machine, results } })
  }
  if (values.part !== 'order') {
    const results = await compareCodecs(engine, {
      requests: Number(values.requests),
      endMs,
      only: values.only,
      rounds: Math.max(1, Math.floor(Number(values.rounds) / 2)),
    })
    const markdown = `# Codecs of \`spans\`\n\n${machineText(machine)}\n\n${codecReport(results)}`
    process.stdout.write(`${markdown}\n`)
    writeResults('schema-codecs', { markdown, data: { machine, results } })
  }
} finally {
  await engine.close()
}
