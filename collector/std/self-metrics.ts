import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

/**
 * A process's metrics about itself, through the OpenTelemetry SDK, rendered for Prometheus.
 * Names are given without prefix and render as `binnacle_<part>_<name>`; counters end in `_total`.
 * Labels must be bounded; every drop and rejection has a counter with a `reason`.
 */
export interface SelfMetrics {
  counter(name: string, description: string): Counter
  /** Read when scraped. */
  gauge(
    name: string,
    description: string,
    read: () => number | readonly [value: number, labels: Attributes][],
  ): void
  /** Of seconds or bytes. */
  histogram(name: string, description: string, bounds: readonly number[]): Histogram
  /** Answers GET /metrics. */
  handle(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}

export interface Counter {
  add(value: number, labels?: Attributes): void
}

export interface Histogram {
  record(value: number, labels?: Attributes): void
}

export interface SelfMetricsConfig {
  /** agent, service, … */
  readonly part: string
  readonly version: string
  readonly instanceId: string
}

export function createSelfMetrics({ part, version, instanceId }: SelfMetricsConfig): SelfMetrics {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true })
  const provider = new MeterProvider({
    resource: resourceFromAttributes({
      'service.name': `binnacle-${part}`,
      'service.version': version,
      'service.instance.id': instanceId,
    }),
    readers: [exporter],
  })
  const meter = provider.getMeter('binnacle')
  const prefixed = (name: string) => `binnacle_${part}_${name}`
  return {
    counter(name, description) {
      const counter = meter.createCounter(prefixed(name), { description })
      // A counter that has not counted yet shows 0, so that an alert on it can be written before the first drop.
      counter.add(0)
      return counter
    },
    gauge(name, description, read) {
      meter.createObservableGauge(prefixed(name), { description }).addCallback((result) => {
        const value = read()
        if (typeof value === 'number') result.observe(value)
        else for (const [one, labels] of value) result.observe(one, labels)
      })
    },
    histogram: (name, description, bounds) =>
      meter.createHistogram(prefixed(name), {
        description,
        advice: { explicitBucketBoundaries: [...bounds] },
      }),
    handle: (request, response) => exporter.getMetricsRequestHandler(request, response),
    close: () => provider.shutdown(),
  }
}
