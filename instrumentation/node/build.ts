import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')

/**
 * Two entries for the two ways Node preloads code. The OpenTelemetry packages stay outside of the bundle: they hook the
 * module loader and must be found where the application's own copies are found. Syntax that old Node versions read too,
 * because the entry must be able to say "not here" to them.
 */
rmSync(join(root, 'dist'), { recursive: true, force: true })
for (const [entry, format, extension] of [
  ['register-import.ts', 'esm', 'mjs'],
  ['register-require.ts', 'cjs', 'cjs'],
] as const) {
  await build({
    entryPoints: [join(root, 'node', entry)],
    outfile: join(root, 'dist', `register.${extension}`),
    bundle: true,
    packages: 'external',
    format,
    platform: 'node',
    target: format === 'cjs' ? 'es2015' : 'node14',
    logLevel: 'warning',
  })
}
