import type { Image, Layout, PackageOptions } from './assemble.ts'

/** Agent, webhook, and service on a ClickHouse server. */
export const layout: Layout = (image) => program(image, { without: ['chdb'] })

/** The program where its own sources look for each other: collector, packages and web UI below /app. */
export function program(image: Image, packages: PackageOptions): void {
  image.node('/usr/local/bin/node')
  // `binnacle` by name, for `kubectl exec`: there is no shell that could find it otherwise.
  image.write(
    '/usr/local/bin/binnacle',
    "#!/usr/local/bin/node\nimport('/app/collector/dist/main.mjs')\n",
    0o755,
  )
  image.packages('collector', '/app', packages)
  image.copy(
    'collector',
    '/app/collector',
    (path) => !/^(node_modules\/|cli\/(build|bootstrap)\.)/.test(path),
  )
  image.copy('dashboards/web/dist', '/app/dashboards/web/dist')
  image.copy('LICENSE', '/usr/share/doc/binnacle/LICENSE')
}
