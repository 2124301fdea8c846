import { createLog } from '../std/log.ts'
import { loadWebhookConfig } from '../webhook/config.ts'
import { startWebhook } from '../webhook/main.ts'
import { untilStopped } from './until-stopped.ts'

export interface WebhookOptions {
  readonly config?: string
  readonly kubeconfig?: string
  readonly logLevel?: string
  readonly version: string
}

/** `binnacle webhook`: injects the instrumentation into new pods. */
export async function runWebhook({
  config: file,
  kubeconfig,
  logLevel,
  version,
}: WebhookOptions): Promise<number> {
  const sources = { file, env: process.env, overrides: { 'log.level': logLevel } }
  const config = loadWebhookConfig(sources)
  const log = createLog({ name: 'webhook', level: config.log.level })
  const webhook = await startWebhook(config, {
    version,
    log,
    kubeconfig,
    readConfig: () => loadWebhookConfig(sources),
  })
  const why = await untilStopped()
  log.info({ why }, 'stopping')
  await webhook.close()
  return 0
}
