import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/processes.ts'
import { install, placeOf, run } from './install.ts'

/**
 * The sending programs, one for each SDK. Packages of pinned versions are installed once below `.binnacle/interop`, in a folder
 * named after what was asked for, so that a changed version is a new install. What cannot be installed is `missing` with the
 * reason, and a program that does not compile is an error.
 */
export interface Sdk {
  readonly name: string
  /** The type of the exception that its program records, as the SDK names it. */
  readonly exceptionType: string
  /** Something of the place where the exception came from. */
  readonly stackHolds: string
  /** The flags of a link as this SDK sends them: whether it is of another process (0x100, 0x200), and the W3C flags. */
  readonly linkFlags: string
  prepare(): Promise<Prepared>
}

export type Prepared = { readonly command: readonly string[] } | { readonly missing: string }

const sources = join(root, 'test/interop')

const python: Sdk = {
  name: 'python',
  exceptionType: 'ValueError',
  stackHolds: 'send.py',
  linkFlags: String(0x300),
  async prepare() {
    const requirements = join(sources, 'python/requirements.txt')
    const place = placeOf('python', requirements)
    const failure = await install({ tools: [['python3', '--version']], place }, async () => {
      await run('python3', '-m', 'venv', place)
      await run(join(place, 'bin/pip'), 'install', '--quiet', '--requirement', requirements)
    })
    return failure ?? { command: [join(place, 'bin/python'), join(sources, 'python/send.py')] }
  },
}

const go: Sdk = {
  name: 'go',
  exceptionType: '*errors.errorString',
  stackHolds: 'main.go',
  linkFlags: String(0x101),
  async prepare() {
    const place = placeOf('go', join(sources, 'go/go.sum'))
    const module = join(sources, 'go')
    const failure = await install({ tools: [['go', 'version']], place }, () =>
      run('go', '-C', module, 'mod', 'download'),
    )
    if (failure) return failure
    const program = join(place, 'send')
    await run('go', '-C', module, 'build', '-o', program, '.')
    return { command: [program] }
  },
}

const java: Sdk = {
  name: 'java',
  exceptionType: 'java.lang.IllegalStateException',
  stackHolds: 'Send.java',
  linkFlags: String(0x101),
  async prepare() {
    const pom = join(sources, 'java/pom.xml')
    const place = placeOf('java', pom)
    const jars = join(place, 'lib')
    const tools = [
      ['javac', '-version'],
      ['mvn', '-version'],
    ]
    const failure = await install({ tools, place }, () =>
      run('mvn', '-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`),
    )
    if (failure) return failure
    const classPath = [place, ...readdirSync(jars).map((jar) => join(jars, jar))].join(':')
    const source = join(sources, 'java/Send.java')
    await run('javac', '-encoding', 'UTF-8', '-cp', classPath, '-d', place, source)
    return { command: ['java', '-Dstdout.encoding=UTF-8', '-cp', classPath, 'Send'] }
  },
}

export const sdks: readonly Sdk[] = [python, go, java]
