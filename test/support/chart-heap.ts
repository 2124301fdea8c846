import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from './processes.ts'

const chart = join(root, 'charts/binnacle-agent')

/** Node's flags as the chart of the agent derives them from a memory limit in Mi or Gi, by the figures of its template. */
export function chartNodeOptions(limit = defaultLimit()): string {
  const template = readFileSync(join(chart, 'templates/_helpers.tpl'), 'utf8')
  const figures = (pattern: RegExp): number[] => {
    const found = pattern.exec(template)
    if (!found) throw new Error(`the chart of the agent has no ${pattern.source}`)
    return found.slice(1).map(Number)
  }
  const [least = 0, own = 0, times = 0, by = 0] = figures(
    /\$old := max (\d+) \(div \(mul \(sub \$limit (\d+)\) (\d+)\) (\d+)\) /,
  )
  const [youngest = 0, most = 0, share = 0] = figures(
    /\$young := max (\d+) \(min (\d+) \(div \$limit (\d+)\)\) /,
  )
  const mebibytes = Number.parseFloat(limit) * (limit.endsWith('Gi') ? 1024 : 1)
  const old = Math.max(least, Math.floor(((mebibytes - own) * times) / by))
  const young = Math.max(youngest, Math.min(most, Math.floor(mebibytes / share)))
  return `--max-old-space-size=${old} --max-semi-space-size=${young}`
}

function defaultLimit(): string {
  const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as {
    readonly resources: { readonly limits: { readonly memory: string } }
  }
  return values.resources.limits.memory
}
