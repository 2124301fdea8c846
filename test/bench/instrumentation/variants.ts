import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from '../../support/processes.ts'

const require = createRequire(import.meta.url)

export interface Variant {
  readonly name: string
  readonly nodeArgs: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The same variables for all, as injection sets them: traces only, over OTLP/HTTP. The stock preload also asks the metadata
 * services of five clouds at start unless told not to; here it is told.
 */
export const environment = (sink: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  OTEL_SERVICE_NAME: 'bench',
  OTEL_EXPORTER_OTLP_ENDPOINT: sink,
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_NODE_RESOURCE_DETECTORS: 'env',
})

const stock = require.resolve('@opentelemetry/auto-instrumentations-node/register')

export const variants: readonly Variant[] = [
  { name: 'bare', nodeArgs: [] },
  { name: 'stock', nodeArgs: ['--require', stock] },
  { name: 'ours, --require', nodeArgs: ['--require', join(root, 'instrumentation/dist/register.cjs')] },
  { name: 'ours, --import', nodeArgs: ['--import', '@binnacle/instrumentation'] },
]

export const apps = ['fastify.mjs', 'express.cjs'] as const
export type App = (typeof apps)[number] | 'script.cjs'
