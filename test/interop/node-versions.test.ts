import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, startNode } from '../support/processes.ts'
import { install, run } from './install.ts'

/**
 * Every Node that meets `--require /binnacle/node/register.cjs` starts its application: those before 22.15 without a word and
 * a span, those after with both halves of the request, by `require` and `import` alike. 22.15, 22.22.2 and 24.0 have module
 * hooks of the older kind.
 */
const versions = [
  '4.9.1',
  '8.17.0',
  '12.22.12',
  '16.20.2',
  '18.20.8',
  '20.20.2',
  '22.15.0',
  '22.22.2',
  '22.23.3',
  '24.0.0',
  '24.21.0',
]
const register = join(root, 'instrumentation/dist/register.cjs')

async function nodeOf(version: string): Promise<{ readonly path: string } | { readonly missing: string }> {
  const name = `node-linux-${process.arch}`
  const place = join(root, '.binnacle/interop', `${name}-${version}`)
  const failure = await install({ tools: [['npm', '--version']], place }, () =>
    run(
      'npm',
      'install',
      '--silent',
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--prefix',
      place,
      `${name}@${version}`,
    ),
  )
  return failure ?? { path: join(place, 'node_modules', name, 'bin/node') }
}

const nodes = process.platform === 'linux' ? await eachInTurn() : []
if (!existsSync(register)) await startNode(['instrumentation/node/build.ts']).exited

async function eachInTurn() {
  const found = []
  for (const version of versions) found.push({ version, is: await nodeOf(version) })
  return found
}

for (const { version, is } of nodes) {
  if ('missing' in is) {
    test.skip(`Node ${version}: skipped, it cannot be had: ${is.missing}`, () => {})
    continue
  }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isSupported = major > 22 || (major === 22 && minor >= 15)
  // Nodes before know no ECMAScript modules.
  const programs = major < 16 ? ['ask.cjs'] : ['ask.cjs', 'ask.mjs']
  describe(`Node ${version}`, () => {
    test.each(programs)(
      `runs %s ${isSupported ? 'and tells of it' : 'as if nothing was there'}`,
      async (program) => {
        const { stdout, stderr } = await start(is.path, join(root, 'test/interop/injection', program))
        expect(stderr).toBe('')
        const lines = stdout.trim().split('\n')
        expect(lines).toContain('204')
        expect(lines.filter((line) => /^ {2}kind: [12],$/.test(line))).toHaveLength(isSupported ? 2 : 0)
      },
    )
  })
}

function start(node: string, program: string): Promise<{ stdout: string; stderr: string }> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE_OPTIONS: `--require ${register}`,
    OTEL_TRACES_EXPORTER: 'console',
  }
  return new Promise((resolve, reject) =>
    execFile(node, [program], { env, timeout: 30_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve({ stdout, stderr }),
    ),
  )
}
