import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { packageOf, packagesOf, writeLicences } from './licences.ts'
import { listening, type PatchedModules } from './modules.ts'

/**
 * Writes `dist`, which needs no other package: it is the npm package and the folder `/node` of the injection image. Start-up
 * is what injection costs every process, and most of that is finding and reading files; so each part that is needed at a
 * moment of its own is one file:
 *
 *     register.cjs, register.mjs   first: decides whether there is anything to do
 *     hooks.cjs                    waits for a module worth instrumenting
 *     core.cjs                     the SDK and the default exporter, when the first comes
 *     patch/<name>.cjs             an instrumentation, when its module comes
 *     esm.cjs, iitm/               when the first ECMAScript module to patch comes
 *     lazy/<name>.cjs              what only some settings need: gRPC, metrics, logs, other exporters
 *
 * What must exist once (the API, the base of the instrumentations) is in the core, and the others take it from there.
 */
const source = import.meta.dirname
const dist = join(source, '../dist')
const require = createRequire(import.meta.url)

/** In the core, for all. */
const shared = [
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/instrumentation',
  '@opentelemetry/otlp-exporter-base',
  '@opentelemetry/otlp-exporter-base/node-http',
  '@opentelemetry/otlp-transformer',
  '@opentelemetry/resources',
]
/** What the SDK imports, but calls only when settings ask for it. */
const lazy = [
  '@opentelemetry/exporter-logs-otlp-grpc',
  '@opentelemetry/exporter-logs-otlp-http',
  '@opentelemetry/exporter-logs-otlp-proto',
  '@opentelemetry/exporter-metrics-otlp-grpc',
  '@opentelemetry/exporter-metrics-otlp-http',
  '@opentelemetry/exporter-metrics-otlp-proto',
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/exporter-trace-otlp-grpc',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/exporter-zipkin',
  '@opentelemetry/otlp-grpc-exporter-base',
  '@opentelemetry/propagator-b3',
  '@opentelemetry/sdk-logs',
  '@opentelemetry/sdk-metrics',
]
/** Built-in modules that take milliseconds to load and are used for one setting or another. */
const lazyBuiltins = ['crypto', 'zlib']
/** Its module is a function's handler, known by its path alone; such functions run elsewhere. */
const leftOut = ['aws-lambda']

const shortName = (name: string) => name.replace(/^@opentelemetry\/(instrumentation-)?/, '')
const lazyFile = (name: string) => `lazy/${shortName(name)}.cjs`

interface PatchedModule {
  readonly name: string
  readonly files: readonly { readonly name: string }[]
}
type InstrumentationClass = new (config: object) => { getModuleDefinitions(): readonly PatchedModule[] }
interface Instrumentation {
  readonly name: string
  readonly className: string
  readonly modules: readonly PatchedModule[]
}

function instrumentations(): Instrumentation[] {
  const directory = packageOf(require.resolve('@opentelemetry/auto-instrumentations-node'))
  const manifest = JSON.parse(readFileSync(join(String(directory), 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return Object.keys(manifest.dependencies)
    .filter((name) => name.startsWith('@opentelemetry/instrumentation-'))
    .filter((name) => !leftOut.includes(shortName(name)))
    .map((name) => {
      const exported = Object.entries(require(name) as Record<string, unknown>)
      const [className, found] = exported.find(([key]) => /Instrumentation$/.test(key)) ?? []
      if (className === undefined) throw new Error(`cannot find the instrumentation of ${name}`)
      const modules = new (found as InstrumentationClass)({ enabled: false }).getModuleDefinitions()
      return { name, className, modules }
    })
}

function patchedModules(all: readonly Instrumentation[]): PatchedModules {
  const byName: Record<string, string[]> = {}
  const files = new Set<string>()
  for (const { name, modules } of all) {
    const short = shortName(name)
    if (modules.length === 0 && !(listening as readonly string[]).includes(short)) {
      throw new Error(`cannot tell when to load ${name}: it names no modules`)
    }
    for (const module of modules) {
      byName[module.name] ??= []
      if (!byName[module.name]?.includes(short)) byName[module.name]?.push(short)
      for (const file of module.files) files.add(file.name)
    }
  }
  return { byName, files: [...files] }
}

/** `shared` and `lazy` packages by reference, the rest by value. `entry`: the one that this file is made of. */
function parts({ entry, inCore = false }: { entry?: string; inCore?: boolean }): Plugin {
  const up = inCore ? './' : '../'
  return {
    name: 'parts',
    setup(setup) {
      setup.onResolve({ filter: /^binnacle:/ }, ({ path }) => ({ path, namespace: 'made' }))
      setup.onResolve({ filter: /^@opentelemetry\// }, ({ path }) => {
        if (lazy.includes(path) && path !== entry) return { path, namespace: 'lazy' }
        if (!inCore && shared.includes(path)) return { path, namespace: 'shared' }
        return undefined
      })
      setup.onResolve({ filter: /^\w+$/ }, ({ path }) =>
        inCore && lazyBuiltins.includes(path) ? { path, namespace: 'lazy' } : undefined,
      )
      setup.onResolve({ filter: /^\.\.?\/(core|lazy\/.*)\.cjs$/ }, ({ path }) => ({ path, external: true }))
      setup.onLoad({ filter: /.*/, namespace: 'made' }, () => ({
        resolveDir: source,
        contents: [
          ...shared.map((name, at) => `import * as p${at} from ${JSON.stringify(name)}`),
          `export const shared = {${shared.map((name, at) => `${JSON.stringify(name)}: p${at}`)}}`,
        ].join('\n'),
      }))
      setup.onLoad({ filter: /.*/, namespace: 'shared' }, ({ path }) => ({
        contents: `module.exports = require('${up}core.cjs').shared[${JSON.stringify(path)}]`,
      }))
      setup.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => {
        const names = Object.keys(require(path) as object)
        const file = JSON.stringify(lazy.includes(path) ? up + lazyFile(path) : `node:${path}`)
        return {
          contents: `for (const name of ${JSON.stringify(names)})
            Object.defineProperty(exports, name, { enumerable: true, get: () => require(${file})[name] })`,
        }
      })
    },
  }
}

/** Patching goes by way of these two, and the application must survive it. */
const guards: Plugin = {
  name: 'guards',
  setup(setup) {
    setup.onResolve({ filter: /^(require|import)-in-the-middle$/ }, ({ path, importer }) =>
      importer.includes('guarded-')
        ? undefined
        : { path: join(source, `guarded-${path.slice(0, path.indexOf('-'))}.ts`) },
    )
    // The half of import-in-the-middle that patched modules import, too.
    setup.onResolve({ filter: /^\.\/lib\/register$/ }, () => ({
      path: './iitm/lib/register.js',
      external: true,
    }))
    setup.onResolve({ filter: /^debug$/ }, () => ({ path: 'debug', namespace: 'silent' }))
    setup.onLoad({ filter: /.*/, namespace: 'silent' }, () => ({
      contents: 'module.exports = () => () => {}',
    }))
  },
}

/** Some ESM builds require a package at run time; here it comes into the bundle like all others. */
const plainRequires: Plugin = {
  name: 'plain-requires',
  setup(setup) {
    setup.onLoad({ filter: /@opentelemetry\/.*\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      return text.includes('__require(') ? { contents: text.replaceAll('__require(', 'require(') } : undefined
    })
  },
}

/** Files of this package are required as if nothing was hooked, whenever that is. */
const ownRequire = 'require=globalThis[Symbol.for("binnacle.instrumentation")].requireOf(module,require);'

const used = new Set<string>()
async function write(outfile: string, options: BuildOptions): Promise<void> {
  const { metafile } = await build({
    outfile: join(dist, outfile),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    minify: true,
    // Node prints the line that an error came from.
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    // The ESM halves of packages can be shaken.
    mainFields: ['module', 'main'],
    conditions: ['import'],
    ...options,
    plugins: [plainRequires, ...(options.plugins ?? [])],
  })
  for (const input of Object.keys(metafile?.inputs ?? {})) used.add(input)
}

const all = instrumentations()
const patched = patchedModules(all)
rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'iitm/lib'), { recursive: true })
for (const file of ['register.cjs', 'register.mjs']) copyFileSync(join(source, file), join(dist, file))
copyFileSync(require.resolve('import-in-the-middle/lib/register.js'), join(dist, 'iitm/lib/register.js'))

const { version } = JSON.parse(readFileSync(join(source, '../package.json'), 'utf8')) as { version: string }
const banner = { js: ownRequire }
await write('hooks.cjs', {
  entryPoints: [join(source, 'hooks.ts')],
  define: { PATCHED_MODULES: JSON.stringify(patched) },
})
await write('core.cjs', {
  entryPoints: [join(source, 'core.ts')],
  define: { PACKAGE_VERSION: JSON.stringify(version) },
  banner,
  plugins: [guards, parts({ inCore: true })],
})
await write('esm.cjs', {
  entryPoints: [join(source, 'esm.ts')],
  define: { 'import.meta.url': 'ownUrl' },
  banner: { js: `${ownRequire}const ownUrl=require("node:url").pathToFileURL(__filename).href;` },
})
await write('iitm/hook.mjs', {
  entryPoints: [require.resolve('import-in-the-middle/hook.mjs')],
  format: 'esm',
})
for (const { name, className } of all) {
  await write(`patch/${shortName(name)}.cjs`, {
    stdin: {
      contents: `import { ${className} } from ${JSON.stringify(name)}
        export const create = (config) => new ${className}(config)`,
      resolveDir: source,
    },
    banner,
    plugins: [parts({})],
  })
}
for (const name of lazy) {
  await write(lazyFile(name), {
    stdin: { contents: `export * from ${JSON.stringify(name)}`, resolveDir: source },
    banner,
    plugins: [parts({ entry: name })],
  })
}

const manifest = { name: '@binnacle/instrumentation', version, type: 'commonjs', license: 'Apache-2.0' }
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
writeLicences(join(dist, 'LICENSES.txt'), packagesOf([...used, require.resolve('import-in-the-middle')]))
