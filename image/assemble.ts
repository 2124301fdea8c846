import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * Puts the files of an image into a directory: Dockerfiles run it and copy the result onto their base, tests start programs
 * from the result where no container engine is.
 *
 *   node image/assemble.ts image/binnacle.ts --out DIRECTORY [--arch x64|arm64]
 */
export interface Image {
  readonly arch: Arch
  /** A file or folder of the repository. `keep` is asked for each file by its path below `from`. */
  copy(from: string, to: string, keep?: (path: string) => boolean): void
  /** The packages that a workspace needs to run, with theirs, below `to` as they lie in the repository. */
  packages(workspace: string, to: string, options?: PackageOptions): void
  /** The pinned Node runtime. */
  node(to: string): void
  write(to: string, text: string, mode?: number): void
}
export interface PackageOptions {
  /** Not these, nor what they alone need. */
  readonly without?: readonly string[]
  /** Those among the optional ones without which the image would not be what its name says. */
  readonly needed?: readonly string[]
}
export type Layout = (image: Image) => void
export type Arch = 'x64' | 'arm64'

const repository = resolve(import.meta.dirname, '..')
/** What a package has for compilers, readers and its own tests. Licences stay. */
const forOthers =
  /\.(d\.[cm]?ts|[cm]?js\.map|md|markdown|flow|html)$|(^|\/)\.[^/]+$|^(tests?|examples?|bench(marks?)?|docs)\//i

/** Throws one sentence when something that the layout names is not there. */
export function assemble(layout: Layout, { out, arch }: { readonly out: string; readonly arch: Arch }): void {
  const inside = (path: string) => join(out, path)
  layout({
    arch,
    copy: (from, to, keep = () => true) => copyTree(join(repository, from), inside(to), keep),
    packages(workspace, to, { without = [], needed = [] } = {}) {
      const directories = packagesOf(join(repository, workspace), { arch, without })
      const missing = needed.find((name) => !directories.some((directory) => directory.endsWith(`/${name}`)))
      if (missing) throw new Error(`cannot put ${missing} into the image: it is not installed`)
      for (const directory of directories)
        copyTree(
          directory,
          inside(join(to, relative(repository, directory))),
          (path) => !path.startsWith('node_modules/') && (/licen[cs]e/i.test(path) || !forOthers.test(path)),
        )
    },
    node: (to) => copyTree(join(repository, `node_modules/node-linux-${arch}/bin/node`), inside(to)),
    write(to, text, mode = 0o644) {
      mkdirSync(dirname(inside(to)), { recursive: true })
      writeFileSync(inside(to), text)
      chmodSync(inside(to), mode)
    },
  })
}

/** Modes are the same whoever checked the repository out, under whatever umask. Links are left out. */
function copyTree(from: string, to: string, keep: (path: string) => boolean = () => true): void {
  if (!existsSync(from)) throw new Error(`cannot put ${from} into the image: there is no such file`)
  if (statSync(from).isFile()) return copyFile(from, to)
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    const path = relative(from, join(entry.parentPath, entry.name))
    if (entry.isFile() && keep(path)) copyFile(join(from, path), join(to, path))
  }
}

function copyFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 })
  copyFileSync(from, to, constants.COPYFILE_FICLONE)
  chmodSync(to, statSync(from).mode & 0o100 ? 0o755 : 0o644)
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
}

interface Wanted {
  readonly arch: Arch
  readonly without: readonly string[]
}

/** Directories of installed packages, found as Node finds them: from the package that asks, upwards. */
function packagesOf(workspace: string, { arch, without }: Wanted): string[] {
  const found = new Set<string>()
  const follow = (directory: string) => {
    const manifest = readManifest(directory)
    const optional = Object.keys(manifest.optionalDependencies ?? {})
    const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
      (name) => !manifest.peerDependenciesMeta?.[name]?.optional,
    )
    for (const name of [...Object.keys(manifest.dependencies ?? {}), ...optional, ...peers]) {
      if (without.includes(name)) continue
      const dependency = installed(name, directory)
      if (dependency === undefined) {
        if (optional.includes(name)) continue
        throw new Error(
          `cannot put ${name} into the image: it is not installed, and ${manifest.name} needs it`,
        )
      }
      if (found.has(dependency) || !runsOn(readManifest(dependency), arch)) continue
      found.add(dependency)
      follow(dependency)
    }
  }
  follow(workspace)
  return [...found].sort()
}

function installed(name: string, from: string): string | undefined {
  const directory = join(from, 'node_modules', name)
  if (existsSync(join(directory, 'package.json'))) return directory
  return from === repository ? undefined : installed(name, dirname(from))
}

const readManifest = (directory: string) =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest

const runsOn = ({ os, cpu }: Manifest, arch: Arch) =>
  (!os || [os].flat().includes('linux')) && (!cpu || [cpu].flat().includes(arch))

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' }, arch: { type: 'string', default: process.arch } },
  })
  const [file] = positionals
  const { out, arch } = values
  if (!file || !out || (arch !== 'x64' && arch !== 'arm64')) {
    throw new Error('expected: node image/assemble.ts LAYOUT.ts --out DIRECTORY [--arch x64|arm64]')
  }
  const { layout } = (await import(resolve(file))) as { readonly layout: Layout }
  assemble(layout, { out: resolve(out), arch })
}
