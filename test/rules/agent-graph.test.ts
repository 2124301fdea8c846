import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/**
 * What an agent loads, followed from its start through the imports that exist at run time (types are erased). It must run on
 * small nodes and on every processor: mode `state` does not load the applications' half, and nothing is built for a platform.
 */
const root = resolve(import.meta.dirname, '../..')
const cli = 'collector/cli/agent.ts'
const telemetry = 'collector/agent/telemetry.ts'

const statement = /^(?:import|export)\s(?!type\b)(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]/gm

/** Files and packages that are loaded with these files. */
function loadedWith(entries: readonly string[]): { readonly files: string[]; readonly packages: string[] } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const follow = (file: string) => {
    if (files.has(file)) return
    files.add(file)
    for (const [, specifier = ''] of readFileSync(join(root, file), 'utf8').matchAll(statement)) {
      if (specifier.startsWith('.')) follow(join(dirname(file), specifier))
      else if (!specifier.startsWith('node:')) packages.add(packageOf(specifier))
    }
  }
  entries.forEach(follow)
  return { files: [...files], packages: [...packages] }
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

interface Manifest {
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly scripts?: Record<string, string>
  readonly os?: string[]
  readonly cpu?: string[]
}

/** Directories of the packages and of all that they depend on, as they are installed. */
function installedWith(packages: readonly string[]): string[] {
  const found = new Set<string>()
  const follow = (name: string, from: string) => {
    const directory = installed(name, from)
    if (directory === undefined || found.has(directory)) return
    found.add(directory)
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(directory)
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
      follow(dependency, directory)
  }
  for (const name of packages) follow(name, join(root, 'collector'))
  return [...found]
}

function installed(name: string, from: string): string | undefined {
  const directory = join(from, 'node_modules', name)
  if (existsSync(join(directory, 'package.json'))) return directory
  return from === dirname(from) ? undefined : installed(name, dirname(from))
}

const manifestOf = (directory: string) =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest

/** Why it would not run on another processor. */
function boundToPlatform(directory: string): string[] {
  const { os, cpu, scripts = {} } = manifestOf(directory)
  const native = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(^|\/)binding\.gyp$|\.(node|so|dylib|dll)$/.test(file),
  )
  return [
    ...(os || cpu ? [`${directory} is for ${[...(os ?? []), ...(cpu ?? [])].join(', ')}`] : []),
    ...['preinstall', 'install', 'postinstall']
      .filter((name) => name in scripts)
      .map((name) => `${directory} has a script ${name}`),
    ...native.map((file) => `${directory}/${file} is native`),
  ]
}

describe('what an agent loads', () => {
  test('mode state loads nothing of the applications half; mode full does', () => {
    const half = /^collector\/(intake|agent\/(receive|sample|receivers|telemetry)|wire\/split-request)\b/
    expect(loadedWith([cli]).files.filter((file) => half.test(file))).toEqual([])
    expect(loadedWith([cli, telemetry]).files.filter((file) => half.test(file)).length).toBeGreaterThan(10)
  })

  test('no mode needs the service or the embedded engine', () => {
    const { files, packages } = loadedWith([cli, telemetry])
    expect(files.filter((file) => /^collector\/(service|embedded)\//.test(file))).toEqual([])
    expect(packages.filter((name) => /chdb|clickhouse/.test(name))).toEqual([])
  })

  test('none of its packages is bound to a platform', () => {
    const packages = installedWith(loadedWith([cli, telemetry, 'collector/cli/main.ts']).packages)
    expect(packages.length).toBeGreaterThan(20)
    expect(packages.flatMap(boundToPlatform)).toEqual([])
    // The check finds such packages where there are some.
    expect(installedWith(['chdb']).flatMap(boundToPlatform)).not.toEqual([])
  })
})
