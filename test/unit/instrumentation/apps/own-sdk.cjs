// Starts an SDK of its own, before or after it has loaded what would be instrumented, and says which spans that one got.
if (process.env.HTTP_FIRST) require('node:http')
const { NodeSDK } = require('@opentelemetry/sdk-node')
const { SimpleSpanProcessor } = require('@opentelemetry/sdk-trace')
const { trace, context } = require('@opentelemetry/api')

const spans = []
const exporter = {
  export(batch, done) {
    spans.push(...batch.map(({ name }) => name))
    done({ code: 0 })
  },
  shutdown: async () => {},
}
const processor = new SimpleSpanProcessor({ exporter })
new NodeSDK({ spanProcessors: [processor], metricReaders: [] }).start()
const outer = trace.getTracer('own').startSpan('outer')
context.with(trace.setSpan(context.active(), outer), () => trace.getTracer('own').startSpan('inner').end())
outer.end()
require('node:http')
  .get('http://127.0.0.1:1/')
  .on('error', async () => {
    await processor.forceFlush()
    process.stdout.write(`${spans.join(' ')}\n`)
  })
