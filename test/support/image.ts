import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { assemble, type Layout } from '../../image/assemble.ts'
import { startProcess, type TestProcess } from './processes.ts'

/**
 * An image's file system in a directory, and programs started from it as a container starts them: it is their root, read-only
 * but for the mounts; uid 65532; an environment of PATH alone. What the base image has (image/Dockerfile) is taken from this
 * machine: glibc, libstdc++, libgcc, libatomic, a line of /etc/passwd.
 */
export interface AssembledImage {
  /** `writable`: directories that are empty and may be written to, as volumes are; a pair is a file or folder of this machine, mounted read-only. */
  start(args: readonly string[], mounts: Mounts): TestProcess
}
export interface Mounts {
  readonly writable?: readonly string[]
  readonly readOnly?: Readonly<Record<string, string>>
}

/** Mount namespaces and chroot need Linux and root (or the like), as CI has. */
export const canChroot =
  process.platform === 'linux' &&
  spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt && /usr/sbin/chroot / true'])
    .status === 0

export function assembleImage(layout: Layout, out: string): AssembledImage {
  assemble(layout, { out, arch: process.arch === 'arm64' ? 'arm64' : 'x64' })
  addBase(out)
  return {
    start(args, { writable = [], readOnly = {} }) {
      for (const path of ['/proc', '/dev', ...writable]) mkdirSync(join(out, path), { recursive: true })
      for (const path of Object.keys(readOnly)) {
        mkdirSync(dirname(join(out, path)), { recursive: true })
        writeFileSync(join(out, path), '')
      }
      const script = [
        'set -e',
        'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"',
        'mount --bind /proc "$1/proc"; mount --bind /dev "$1/dev"',
        ...writable.map((path) => `mount -t tmpfs -o mode=1777 tmpfs "$1${path}"`),
        ...Object.entries(readOnly).map(([path, file]) => `mount --bind -o ro '${file}' "$1${path}"`),
        'root=$1; shift',
        'exec env -i PATH=/usr/local/bin:/usr/bin:/bin /usr/sbin/chroot --userspec=65532:65532 "$root" /usr/local/bin/binnacle "$@"',
      ].join('\n')
      return startProcess('unshare', ['--mount', 'sh', '-c', script, 'image', out, ...args], {
        PATH: process.env['PATH'] ?? '',
      })
    },
  }
}

function addBase(out: string): void {
  const native = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(^usr\/local\/bin\/node|\.so|\.node)$/.test(path),
  )
  const { stdout } = spawnSync(
    'ldd',
    native.map((path) => join(out, path)),
    { encoding: 'utf8' },
  )
  const libraries = new Set(
    [...stdout.matchAll(/(?<=^\s+(?:\S+ => )?)\/\S+\.so[.\d]*(?= \()/gm)].map(([path]) => path),
  )
  for (const path of libraries) {
    if (path.startsWith(out) || existsSync(join(out, path))) continue
    mkdirSync(dirname(join(out, path)), { recursive: true })
    copyFileSync(path, join(out, path))
  }
  mkdirSync(join(out, 'etc'), { recursive: true })
  writeFileSync(join(out, 'etc/passwd'), 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n')
}
