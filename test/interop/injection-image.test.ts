import { execFile } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Language } from '../../instrumentation/webhook/settings.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { root, startNode, tempDirectory } from '../support/processes.ts'
import { inject, podOf } from '../unit/injection/support.ts'
import { install, placeOf, run } from './install.ts'

/**
 * The files of the injection image, assembled by the scripts of its Dockerfile and copied by the image's program as an init
 * container does; then real programs that know nothing of OpenTelemetry, with the environment that the webhook writes.
 */
const image = join(root, 'instrumentation/image')
const programs = join(root, 'test/interop/injection')
const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
const directory = tempDirectory('injection')
afterAll(() => directory.remove())

const scriptOf = (part: string) => join(image, part, 'install.sh')
type Part = { readonly path: string } | { readonly missing: string }

async function part(name: string, tools: string[][], pins: string[], ...args: string[]): Promise<Part> {
  const place = placeOf(`image-${name}`, scriptOf(name), ...pins.map((file) => join(image, name, file)))
  const path = join(place, name)
  const failure = await install({ tools, place }, async () => {
    mkdirSync(place, { recursive: true })
    await run(scriptOf(name), path, ...args)
  })
  return failure ?? { path }
}

const parts = {
  copy: await part('copy', [['go', 'version']], ['main.go', 'go.mod'], arch),
  java: await part('java', [['mvn', '-version']], ['pom.xml', 'checksums.txt']),
  python: await part('python', [['python3', '-m', 'pip', '--version']], ['requirements.txt'], arch),
}

async function assembled(): Promise<string> {
  const files = join(directory.path, 'image')
  const mounted = join(directory.path, 'mounted')
  if (existsSync(mounted)) return mounted
  if (!existsSync(join(root, 'instrumentation/dist/core.cjs')))
    await startNode(['instrumentation/node/build.ts']).exited
  cpSync(join(root, 'instrumentation/dist'), join(files, 'node'), { recursive: true })
  for (const [name, one] of Object.entries(parts))
    if ('path' in one) cpSync(one.path, join(files, name), { recursive: true })
  mkdirSync(mounted)
  // Where no Go toolchain is, the files are there all the same.
  if ('path' in parts.copy) await run(join(files, 'copy'), mounted)
  else cpSync(files, mounted, { recursive: true })
  return mounted
}

/** What a kubelet makes of the variables of a container: references resolved, the downward API asked. */
function environment(language: Language, sink: string, mounted: string): Record<string, string> {
  const { env } = inject(podOf(), { languages: [language], endpoint: sink })
  const facts: Record<string, string> = {
    'metadata.name': 'cart-7d4b9c-x2x5q',
    'metadata.uid': 'uid-1',
    'spec.nodeName': 'node-a',
  }
  const resolved: Record<string, string> = { PATH: process.env['PATH'] ?? '' }
  for (const { name, value = '', valueFrom } of env()) {
    const text = valueFrom
      ? facts[valueFrom.fieldRef?.fieldPath ?? '']
      : value.replace(/\$\(([A-Z_]+)\)/g, (_, known: string) => resolved[known] ?? '')
    resolved[name] = (text ?? '').replaceAll('/binnacle/', `${mounted}/`)
  }
  return resolved
}

function start(
  command: readonly string[],
  env: Record<string, string>,
): Promise<{ stdout: string; stderr: string }> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) =>
    execFile(program, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stdout}${stderr}`)) : resolve({ stdout, stderr }),
    ),
  )
}

/** The program runs as without injection, and what it did arrives with the name of its pod. */
async function check(language: Language, command: readonly string[]): Promise<void> {
  const mounted = await assembled()
  const sink = await startOtlpSink()
  try {
    const { stdout } = await start(command, environment(language, sink.url, mounted))
    expect(stdout).toBe('204\n')
    expect(sink.requests.length).toBeGreaterThan(0)
    for (const { path, headers, body } of sink.requests) {
      expect([path, headers['content-type']]).toEqual(['/v1/traces', 'application/x-protobuf'])
      const text = body.toString('latin1')
      for (const word of ['cart-7d4b9c-x2x5q', 'uid-1', 'node-a', 'shop', 'GET', '/carts'])
        expect(text).toContain(word)
    }
  } finally {
    await sink.close()
  }
}

const titled = (language: string, what: Part) =>
  `${language}: ${'missing' in what ? `skipped, ${what.missing}` : 'the spans of an injected program arrive'}`

test('the program of the image is tested by its own tests', async (context) => {
  if ('missing' in parts.copy) return context.skip(parts.copy.missing)
  await run('go', '-C', join(image, 'copy'), 'test', '.')
})

test('node: the spans of an injected program arrive', () =>
  check('node', [process.execPath, join(programs, 'ask.mjs')]))

test.skipIf('missing' in parts.java)(titled('java', parts.java), async () => {
  const classes = join(directory.path, 'classes')
  await run('javac', '-d', classes, join(programs, 'Ask.java'))
  await check('java', ['java', '-cp', classes, 'Ask'])
})

test.skipIf('missing' in parts.python)(titled('python', parts.python), () =>
  check('python', ['python3', join(programs, 'ask.py')]),
)

test.skipIf('missing' in parts.python)(
  'python: also where its native code cannot be loaded (musl, noexec)',
  async () => {
    const mounted = await assembled()
    const native = globSync('python/**/*.so', { cwd: mounted })
    expect(native.length).toBeGreaterThan(0)
    for (const file of native) rmSync(join(mounted, file))
    await check('python', ['python3', join(programs, 'ask.py')])
  },
)
