#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { withoutCompiler } from './without-compiler.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('binnacle')
  .description('Observability and APM collector for Kubernetes on ClickHouse')
  .version(version)
  .showHelpAfterError('(add --help for the options)')

const config = () =>
  new Option('--config <file>', 'YAML file with the same keys as the Helm values; options win over it')
const kubeconfig = () =>
  new Option(
    '--kubeconfig <file>',
    'how to reach the cluster (default: KUBECONFIG, the in-cluster account, ~/.kube/config)',
  )

program
  .command('serve')
  .description('run the service: OTLP intake, API and web UI')
  .addOption(config())
  .option('--listen <host:port>', 'address of API, UI and agents (default: 127.0.0.1:8420)', hostPort)
  .option('--otlp-grpc-port <port>', 'OTLP over gRPC; 0: any (default: 4317)', port)
  .option('--otlp-http-port <port>', 'OTLP/HTTP; 0: any (default: 4318)', port)
  .option('--clickhouse-url <url>', 'ClickHouse server; without it the embedded engine runs')
  .option('--clickhouse-database <name>', 'database (default: binnacle)')
  .option('--data-dir <directory>', "the embedded engine's data", '.binnacle/clickhouse')
  .option('--clickhouse-port <port>', "the embedded engine's HTTP port on loopback; 0: any", port, 0)
  .option('--notice <text>', 'a text shown on every page of the UI')
  .option('--log-level <level>', 'trace, debug, info, warn or error')
  .action((options) => finish(async () => (await import('./serve.ts')).runServe({ ...options, version })))

program
  .command('agent')
  .description('run the cluster agent')
  .addOption(config())
  .addOption(kubeconfig())
  .option('--mode <mode>', 'full, or state: no telemetry of applications is received (default: full)')
  .option('--cluster-name <name>', 'as the UI shows the cluster')
  .option('--service <url>', 'the Binnacle service, or any OTLP/HTTP back end')
  .option('--spool-dir <directory>', 'the on-disk buffer that bridges outages')
  .option('--receive-host <host>', 'where to take OTLP from applications (default: 127.0.0.1)')
  .option('--otlp-grpc-port <port>', 'default: 4317', port)
  .option('--otlp-http-port <port>', 'default: 4318', port)
  .option(
    '--admin <host:port>',
    'address of /metrics, /livez, /readyz, /status (default: 127.0.0.1:8421)',
    hostPort,
  )
  .option('--crash-logs', 'keep the last lines of containers that crash')
  .option('--report-interval-ms <ms>', 'how often to report identity and health to the service', integer)
  .option('--scrape-interval-ms <ms>', 'how often to read usage from metrics.k8s.io', integer)
  .option('--log-level <level>', 'trace, debug, info, warn or error')
  .action((options) =>
    finish(async () => {
      await withoutCompiler(async () => (await import('./agent.ts')).loadAgent({ ...options, version }))
      return (await import('./agent.ts')).runAgent({ ...options, version })
    }),
  )

program
  .command('webhook')
  .description('run the injection webhook: new pods of opted-in namespaces get the instrumentation')
  .addOption(config())
  .addOption(kubeconfig())
  .option('--log-level <level>', 'trace, debug, info, warn or error')
  .action((options) => finish(async () => (await import('./webhook.ts')).runWebhook({ ...options, version })))

program
  .command('demo')
  .description('run everything on this machine with a simulated cluster (npm start)')
  .option('--port <port>', 'service and web UI', knownPort, 8420)
  .option('--agent-port <port>', "the agent's status", knownPort, 8421)
  .option('--otlp-grpc-port <port>', 'OTLP over gRPC into the agent', knownPort, 4317)
  .option('--otlp-http-port <port>', 'OTLP over HTTP into the agent', knownPort, 4318)
  .option('--app-port <port>', 'the demo service magnanimo, path /hw2', knownPort, 4000)
  .option('--data-dir <directory>', 'where the demo keeps its data and logs', '.binnacle/demo')
  .addOption(
    new Option('--canary <how>', 'what version 2 of the demo service benigno is like')
      .choices(['equal', 'slow', 'failing', 'both'])
      .default('both'),
  )
  .action((options) => finish(async () => (await import('./demo.ts')).runDemo(options)))

program
  .command('why')
  .description('say whether a namespace is collected, and which rule decides')
  .argument('<namespace>')
  .addOption(config())
  .addOption(kubeconfig())
  .option('--agent <url>', 'ask a running agent, such as http://127.0.0.1:8421: it knows what the UI has set')
  .option('--json', 'machine-readable')
  .action((namespace, options) => finish(async () => (await import('./why.ts')).runWhy(namespace, options)))

program
  .command('migrate')
  .description("bring a ClickHouse server's schema up to date (serve does it at start, too)")
  .addOption(config())
  .option('--clickhouse-url <url>', 'default: http://127.0.0.1:8123')
  .option('--clickhouse-database <name>', 'default: binnacle')
  .action((options) => finish(async () => (await import('./migrate.ts')).runMigrate(options)))

const places = (command: Command) =>
  command
    .addOption(config())
    .option('--clickhouse-url <url>', 'default: http://127.0.0.1:8123')
    .option('--clickhouse-database <name>', 'default: binnacle')
    .option('--disk <name>', "a disk that the server's configuration allows for backups")
    .option('--s3 <url>', 'a folder of an S3 bucket; keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')

places(program.command('backup').description('back the database of a ClickHouse server up'))
  .option('--name <name>', 'default: binnacle-, and the time')
  .action((options) => finish(async () => (await import('./backup.ts')).runBackup(options)))

places(
  program.command('restore').description('restore a backup into a database that is not there or has no rows'),
)
  .argument('<name>', 'of the backup')
  .option('--as <database>', 'under another name, to look whether a backup is good')
  .action((name, options) =>
    finish(async () => (await import('./backup.ts')).runRestore({ ...options, name })),
  )

program
  .command('rollup')
  .description('compute minutes of the rollups anew from raw spans, such as after spans were deleted')
  .addOption(config())
  .requiredOption('--rebuild <from to...>', 'a range: 2026-01-31T12:00Z or Unix milliseconds, twice')
  .option('--clickhouse-url <url>', 'default: http://127.0.0.1:8123')
  .option('--clickhouse-database <name>', 'default: binnacle')
  .action((options) =>
    finish(async () => {
      if (options.rebuild.length !== 2)
        throw new Error('cannot rebuild: --rebuild takes two times, FROM and TO')
      return (await import('./rollup.ts')).runRollup(options)
    }),
  )

program
  .command('rules')
  .description('check the ingest rules of a configuration, and show what they would do to a request')
  .addOption(config())
  .option('--test <file>', 'an OTLP/JSON export request of traces, logs or metrics; -: standard input')
  .option('--items <count>', 'how many changed items to show', integer, 5)
  .option('--json', 'machine-readable')
  .action((options) => finish(async () => (await import('./rules.ts')).runRules(options)))

program
  .command('doctor')
  .description('check what the service and the agent need on this machine, or how a running agent is')
  .addOption(kubeconfig())
  .option('--clickhouse-url <url>', 'also check this ClickHouse server')
  .option('--service <url>', 'also check this Binnacle service')
  .option(
    '--agent <url>',
    'check a running agent instead, such as http://127.0.0.1:8421: rights, way to the service, namespaces',
  )
  .option('--otlp <url>', 'and that it takes OTLP/HTTP here')
  .option('--wait <seconds>', 'until that agent has read the cluster and sent what it read', integer, 30)
  .option('--only <names...>', 'of these checks: node, directory, clickhouse, service, kubernetes')
  .action((options) => finish(async () => (await import('./doctor.ts')).runDoctor(options)))

/** Runs a command to its exit code (each is loaded only when it runs: the agent must not carry the service); an operating error is its one sentence (which says its cause), not a stack. */
async function finish(run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run()
  } catch (error) {
    if (process.env['BINNACLE_DEBUG']) console.error(error)
    else process.stderr.write(`binnacle: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
  // Whatever a library still holds open must not keep a finished command alive.
  setTimeout(() => process.exit(), 2_000).unref()
}

function port(text: string): number {
  const value = integer(text)
  if (value > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535')
  return value
}

/** The parts of the demo are told of each other's ports before they listen. */
function knownPort(text: string): number {
  const value = port(text)
  if (value === 0) throw new InvalidArgumentError('a port is a number from 1 to 65535')
  return value
}

function integer(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

function hostPort(text: string): { host: string; port: number } {
  const match = /^(?:(.+):)?(\d+)$/.exec(text)
  if (!match) throw new InvalidArgumentError('expected host:port, such as 127.0.0.1:8420')
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'), port: port(match[2] ?? '') }
}

await program.parseAsync()
