import { loadAgentConfig } from '../agent/config.ts'
import { loadTelemetry, startAgent } from '../agent/main.ts'
import { createLog } from '../std/log.ts'
import { untilStopped } from './until-stopped.ts'

export interface AgentOptions {
  readonly config?: string
  readonly kubeconfig?: string
  readonly mode?: string
  readonly clusterName?: string
  readonly service?: string
  readonly spoolDir?: string
  readonly receiveHost?: string
  readonly otlpGrpcPort?: number
  readonly otlpHttpPort?: number
  readonly admin?: { readonly host: string; readonly port: number }
  readonly reportIntervalMs?: number
  readonly scrapeIntervalMs?: number
  readonly crashLogs?: boolean
  readonly logLevel?: string
  readonly version: string
}

/** Loads the code that the agent will run. */
export async function loadAgent(options: AgentOptions): Promise<void> {
  await loadTelemetry(loadAgentConfig(sourcesOf(options)).mode)
}

/** `binnacle agent`: the cluster agent, in the cluster or with a kubeconfig. */
export async function runAgent(options: AgentOptions): Promise<number> {
  const sources = sourcesOf(options)
  const config = loadAgentConfig(sources)
  const log = createLog({ name: 'agent', level: config.log.level })
  const agent = await startAgent(config, {
    version: options.version,
    log,
    kubeconfig: options.kubeconfig,
    readConfig: () => loadAgentConfig(sources),
  })
  log.info({ ports: agent.ports, service: config.service.endpoint }, 'the agent is running')
  const why = await untilStopped()
  log.info({ why }, 'stopping')
  await agent.close()
  return 0
}

function sourcesOf(options: AgentOptions) {
  return {
    file: options.config,
    env: process.env,
    overrides: {
      mode: options.mode,
      'cluster.name': options.clusterName,
      'service.endpoint': options.service,
      'spool.directory': options.spoolDir,
      'receive.host': options.receiveHost,
      'receive.grpcPort': options.otlpGrpcPort,
      'receive.httpPort': options.otlpHttpPort,
      'admin.host': options.admin?.host,
      'admin.port': options.admin?.port,
      'control.intervalMs': options.reportIntervalMs,
      'scrape.intervalMs': options.scrapeIntervalMs,
      'crashLogs.enabled': options.crashLogs,
      'log.level': options.logLevel,
    },
  }
}
