import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/**
 * Who may import whom. A file belongs to the longest matching place; it may import its own place, the places listed,
 * and any package unless `packages` limits those. A place that ends in `/*` means the files directly in that folder.
 */
const rules: Record<string, { readonly may: readonly string[]; readonly packages?: readonly string[] }> = {
  'collector/std': { may: [] },
  'collector/record': { may: [], packages: ['typebox'] },
  'collector/wire': { may: ['collector/record', 'collector/std'] },
  'collector/scope': { may: ['collector/record', 'collector/std'], packages: ['re2js'] },
  'collector/intake': { may: ['collector/wire', 'collector/record', 'collector/std'] },
  'collector/embedded': { may: ['collector/std'] },
  'collector/kube': { may: ['collector/record', 'collector/std'] },
  'collector/agent/*': {
    may: [
      'collector/agent',
      'collector/kube',
      'collector/record',
      'collector/scope',
      'collector/wire',
      'collector/intake',
      'collector/std',
    ],
  },
  // It judges pods as the derive stage has projected them.
  'collector/agent/guard': { may: ['collector/agent/derive', 'collector/record', 'collector/std'] },
  'collector/agent/scope': { may: ['collector/record', 'collector/scope', 'collector/std'] },
  ...Object.fromEntries(
    [
      'watch',
      'derive',
      'receive',
      'scrape',
      'crash',
      'batch',
      'spool',
      'sample',
      'forward',
      'ship',
      'control',
      'elect',
    ].map((stage) => [
      `collector/agent/${stage}`,
      { may: ['collector/record', 'collector/wire', 'collector/intake', 'collector/std'] },
    ]),
  ),
  'collector/webhook': { may: ['collector/kube', 'collector/record', 'collector/std'] },
  'collector/service/*': {
    may: ['collector/service', 'collector/record', 'collector/wire', 'collector/intake', 'collector/std'],
  },
  'collector/service/ingest': {
    may: [
      'collector/wire',
      'collector/intake',
      'collector/record',
      'collector/service/store',
      'collector/std',
    ],
  },
  'collector/service/store': { may: ['collector/record', 'collector/std'] },
  'collector/service/query': { may: ['collector/record'] },
  'collector/service/compare': { may: ['collector/service/query'], packages: [] },
  'collector/service/api': {
    may: [
      'collector/service/compare',
      'collector/service/query',
      'collector/service/store',
      'collector/record',
      'collector/scope',
      'collector/std',
    ],
  },
  ...Object.fromEntries(
    ['control', 'health', 'rollup'].map((part) => [
      `collector/service/${part}`,
      {
        may: [
          'collector/service/store',
          'collector/service/query',
          'collector/record',
          'collector/wire',
          'collector/intake',
          'collector/std',
        ],
      },
    ]),
  ),
  'collector/cli': { may: ['collector'] },
  'dashboards/web': { may: [] },
  'dashboards/grafana': { may: [] },
  instrumentation: { may: [] },
  image: { may: [] },
  'instrumentation/image': { may: ['image'] },
  'charts/repository': { may: [] },
  test: { may: ['charts', 'collector', 'dashboards', 'image', 'instrumentation'] },
}

function sourceFiles(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : sourceFiles(path)
    return /\.tsx?$/.test(entry.name) ? [path] : []
  })
}

function placeOf(file: string): string | undefined {
  const direct = `${dirname(file)}/*`
  if (rules[direct]) return direct
  return Object.keys(rules)
    .filter((place) => file.startsWith(`${place}/`))
    .sort((a, b) => b.length - a.length)[0]
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"\n]*?(?:\{[^}]*\}[^'"\n]*)?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s+['"]([^'"]+)['"]/g,
  )
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '').filter(Boolean)
}

function violations(file: string): string[] {
  const place = placeOf(file)
  if (!place) return [`${file}: stands in no folder of the layout`]
  const rule = rules[place]
  const home = place.replace(/\/\*$/, '')
  return importsOf(file).flatMap((specifier) => {
    if (!specifier.startsWith('.')) {
      const allowed =
        rule?.packages?.some((name) => specifier === name || specifier.startsWith(`${name}/`)) ?? true
      return allowed ? [] : [`${file} imports the package ${specifier}`]
    }
    const target = relative(root, resolve(root, dirname(file), specifier))
    const within = (folder: string) => target === folder || target.startsWith(`${folder}/`)
    return within(home) || rule?.may.some(within) ? [] : [`${file} imports ${target}`]
  })
}

const files = ['charts', 'collector', 'image', 'instrumentation', 'dashboards', 'test'].flatMap(sourceFiles)

describe('import rules', () => {
  test('the checker reads imports of every form', () => {
    expect(importsOf('collector/record/span.ts')).toEqual(['./table.ts'])
    expect(files.length).toBeGreaterThan(15)
  })
  test('every file imports only what its place may', () => {
    expect(files.flatMap(violations)).toEqual([])
  })
  test('the service and the agent never import each other', () => {
    const crossing = files.filter((file) =>
      importsOf(file).some((specifier) =>
        file.startsWith('collector/agent/')
          ? /\/service\//.test(specifier)
          : file.startsWith('collector/service/') && /\/agent\//.test(specifier),
      ),
    )
    expect(crossing).toEqual([])
  })
})
