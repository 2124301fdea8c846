import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The directory of the package that a file belongs to; undefined: none. */
export function packageOf(file: string): string | undefined {
  const [, directory] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(resolve(file)) ?? []
  return directory !== undefined && existsSync(join(directory, 'package.json')) ? directory : undefined
}

export function packagesOf(files: readonly string[]): string[] {
  return [...new Set(files.flatMap((file) => packageOf(file) ?? []))].sort()
}

/** What bundled packages ask of those who pass them on: name, version, licence, and its text. */
export function writeLicences(file: string, packages: readonly string[]): void {
  const texts = new Map<string, string[]>()
  for (const directory of packages) {
    const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      name: string
      version: string
      license?: string
    }
    const files = readdirSync(directory).filter((one) => /^(licen[cs]e|notice)(\.\w+)?$/i.test(one))
    const text = files.map((one) => readFileSync(join(directory, one), 'utf8').trim()).join('\n\n')
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license ?? 'see below'})`])
  }
  const parts = [...texts].map(
    ([text, names]) => `${names.join('\n')}\n\n${text || '(no text in the package)'}`,
  )
  writeFileSync(file, `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
}
