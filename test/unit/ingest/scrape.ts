import type { ServerResponse } from 'node:http'
import type { SelfMetrics } from '../../../collector/std/self-metrics.ts'

export interface Scrape {
  /** Of all series of the name that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number
}

/** What Prometheus would read. */
export async function scrape(metrics: SelfMetrics): Promise<Scrape> {
  const text = await new Promise<string>((resolve) => {
    const response = { statusCode: 0, setHeader: () => {}, end: (body: string) => resolve(body) }
    metrics.handle({} as never, response as unknown as ServerResponse)
  })
  return {
    sum(name, labels = {}) {
      let sum = 0
      for (const line of text.split('\n')) {
        const [, series, inBraces = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
        const has = Object.entries(labels).every(([key, wanted]) => inBraces.includes(`${key}="${wanted}"`))
        if (series === name && has) sum += Number(value)
      }
      return sum
    },
  }
}
