import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { eventually, root, startNode } from '../../support/processes.ts'
import { describeMachine, machineText } from '../support/machine.ts'
import { median, quantile, resultsDirectory, table, writeResults } from '../support/report.ts'
import { say } from '../support/say.ts'
import { measureService, measureStart, type ServiceFigures } from './measure.ts'
import { type App, apps, variants } from './variants.ts'

/**
 * `npm run bench:instrumentation [-- --rounds N --starts N --append --quick]`: what instrumentation costs a Fastify and an
 * Express application, beside the same application bare and with the stock preload. Variants take turns within a round, so
 * that a slow minute of the machine meets all of them; `--append` adds rounds to the stored ones.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    starts: { type: 'string', default: '12' },
    append: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
})
const rate = 1_000
const seconds = values.quick ? 1 : 4
const file = join(resultsDirectory, 'instrumentation.json')

interface Rounds {
  /** By application and variant. */
  readonly starts: Record<string, { readonly ms: number }[]>
  readonly services: Record<string, ServiceFigures[]>
}
const kept: Rounds =
  values.append && existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { rounds: Rounds }).rounds
    : { starts: {}, services: {} }

const sink = startNode(['test/bench/instrumentation/sink.ts'])
const port = await eventually('the sink listens', () => /^(\d+)\n/.exec(sink.output())?.[1])
const url = `http://127.0.0.1:${port}`
const key = (app: App, variant: string) => `${app} ${variant}`
const push = <T>(to: Record<string, T[]>, at: string, value: T) => {
  to[at] = [...(to[at] ?? []), value]
}

for (let round = 0; round < (values.quick ? 3 : Number(values.starts)); round++) {
  for (const app of [...apps, 'script.cjs'] as const)
    for (const variant of variants)
      push(kept.starts, key(app, variant.name), { ms: await measureStart(app, variant, url) })
}
say('starts measured')
for (let round = 0; round < (values.quick ? 1 : Number(values.rounds)); round++) {
  for (const app of apps)
    for (const variant of variants)
      push(
        kept.services,
        key(app, variant.name),
        await measureService(app, variant, { sink: url, rate, seconds }),
      )
  say(`round ${round + 1} measured`)
}
const sinkRequests = await sink.kill('SIGTERM').then(() => sink.output().trim().split('\n').at(-1))
if (!(Number(sinkRequests) > 0)) throw new Error('cannot measure: nothing was exported')

const versionOf = (name: string) =>
  (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
    .version
const spread = (numbers: readonly number[], digits = 0) =>
  `${median(numbers).toFixed(digits)} (${quantile(numbers, 0.1).toFixed(digits)}–${quantile(numbers, 0.9).toFixed(digits)})`
const startsOf = (app: App, variant: string) => (kept.starts[key(app, variant)] ?? []).map(({ ms }) => ms)
const figure = (app: App, variant: string, of: (figures: ServiceFigures) => number, digits = 0) =>
  spread((kept.services[key(app, variant)] ?? []).map(of), digits)

const sections = apps.map((app) =>
  [
    `## ${app === 'fastify.mjs' ? 'Fastify, ECMAScript modules' : 'Express, CommonJS'}`,
    '',
    table(
      [
        '',
        'start, ms',
        'CPU of start, ms',
        'memory idle, MiB',
        'after load, MiB',
        'p50, ms',
        'p99, ms',
        'CPU a request, µs',
        'most requests/s',
      ],
      variants.map(({ name }) => [
        name,
        spread(startsOf(app, name)),
        figure(app, name, ({ startCpuMs }) => startCpuMs),
        figure(app, name, ({ idleMib }) => idleMib),
        figure(app, name, ({ loadedMib }) => loadedMib),
        figure(app, name, ({ p50Ms }) => p50Ms, 2),
        figure(app, name, ({ p99Ms }) => p99Ms, 2),
        figure(app, name, ({ cpuMicros }) => cpuMicros),
        figure(app, name, ({ perSecond }) => perSecond),
      ]),
    ),
  ].join('\n'),
)
const machine = {
  ...describeMachine(''),
  engine: `Fastify ${versionOf('fastify')}, Express ${versionOf('express')}`,
}
const markdown = `# Cost of the Node instrumentation

${machineText(machine)}

What \`@binnacle/instrumentation\` costs an application, beside nothing (bare) and the stock preload
(\`@opentelemetry/auto-instrumentations-node/register\` 0.82, told to leave out metrics, logs and cloud detectors, which are
off with ours anyway). Applications of one route that answers JSON; ${rate.toLocaleString('en-US')} requests/s for ${seconds} s by a timetable for latency
(counted from when a request was due) and CPU, then 16 connections as fast as they are answered. The load comes from a process of its
own; another takes the spans by OTLP/HTTP. Variants take turns; medians, and the 10th to 90th percentile, of
${kept.services[key(apps[0], 'bare')]?.length} lives of each application and ${kept.starts[key(apps[0], 'bare')]?.length} starts. Start is from the fork to the line that says the port.

${sections.join('\n\n')}

## A script that loads nothing to instrument

As a child process that inherits NODE_OPTIONS: from its start to its end.

${table(
  ['', 'ms'],
  variants.map(({ name }) => [name, spread(startsOf('script.cjs', name))]),
)}
`
if (values.quick) process.stdout.write(markdown)
else writeResults('instrumentation', { markdown, data: { machine, rounds: kept } })
