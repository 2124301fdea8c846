/**
 * Packages that bring tracing of their own when an application loads them: two of a kind in one process displace each
 * other's context, so ours goes.
 */
export const others: ReadonlySet<string> = new Set([
  '@azure/monitor-opentelemetry',
  '@dynatrace/oneagent-sdk',
  '@elastic/opentelemetry-node',
  '@google-cloud/trace-agent',
  '@grafana/opentelemetry-node',
  '@honeycombio/opentelemetry-node',
  '@instana/collector',
  '@opentelemetry/auto-instrumentations-node',
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-trace-node',
  '@sentry/node',
  '@splunk/otel',
  'appdynamics',
  'applicationinsights',
  'dd-trace',
  'elastic-apm-node',
  'newrelic',
  'skywalking-backend-js',
])
