import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

/**
 * The `binnacle` of images: the same program with the agent, and the webhook, as one file of JavaScript, because each module
 * that they load costs memory for as long as they live (docs/decisions/0015). The other commands are left where they are; the official
 * client stays a file of its own, which only agents outside of a cluster read.
 */
const root = join(import.meta.dirname, '..')

const bundled = ['./agent.ts', './webhook.ts']

const otherCommands: Plugin = {
  name: 'other commands',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\// }, ({ path, kind, importer }) =>
      kind === 'dynamic-import' && importer === join(root, 'cli', 'main.ts') && !bundled.includes(path)
        ? { path: `../cli/${path.slice(2)}`, external: true }
        : undefined,
    )
  },
}

/** A third of undici is what a browser has, and tests: all of it is loaded at start, and the agent uses none. */
const undiciWithoutWeb: Plugin = {
  name: 'undici without fetch',
  setup({ onLoad }) {
    onLoad({ filter: /\/undici\/lib\/(web|mock|cache|interceptor)\// }, () => ({
      contents: 'module.exports = new Proxy({}, { get: () => class {} })',
      loader: 'js',
    }))
  },
}

rmSync(join(root, 'dist'), { recursive: true, force: true })
await build({
  entryPoints: [join(root, 'cli', 'main.ts')],
  outdir: join(root, 'dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  // What is still CommonJS inside asks for Node's own modules by `require`.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  plugins: [otherCommands, undiciWithoutWeb],
  logLevel: 'warning',
})
