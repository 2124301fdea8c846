import type { Range } from '../query/query.ts'
import type { Ask } from './ask.ts'
import {
  type Comparison,
  previousRange,
  type StepsOf,
  usualOfSteps,
  withBand,
  withPrevious,
} from './baselines.ts'
import type { Chart } from './schema/common.ts'

/** Series calls; p95 among others; errors. */
export interface RedCharts {
  readonly load: Chart
  readonly responseTime: Chart
  readonly errors: Chart
}

/** The charts of an application or transaction, beside what they are compared with. */
export async function comparedCharts<Charts extends RedCharts>(
  ask: Ask,
  scope: StepsOf,
  comparison: Comparison,
  chartsOf: (range: Range) => Promise<Charts>,
): Promise<Charts> {
  switch (comparison.type) {
    case 'none':
      return chartsOf(scope)
    case 'previous': {
      const { fromMs, toMs } = previousRange(scope, scope.stepMs)
      const [now, before] = await Promise.all([chartsOf(scope), chartsOf({ fromMs, toMs })])
      return {
        ...now,
        load: withPrevious(now.load, before.load),
        responseTime: withPrevious(now.responseTime, before.responseTime),
        errors: withPrevious(now.errors, before.errors),
      }
    }
    case 'baseline': {
      const [now, usual] = await Promise.all([chartsOf(scope), usualOfSteps(ask, scope, comparison)])
      const { spread } = comparison
      return {
        ...now,
        load: withBand(now.load, { series: 'calls', metric: 'callsPerMinute', usual, spread }),
        responseTime: withBand(now.responseTime, { series: 'p95', metric: 'p95Ms', usual, spread }),
        errors: withBand(now.errors, { series: 'errors', metric: 'errorsPerMinute', usual, spread }),
      }
    }
  }
}
