/** Label `version` or `app.kubernetes.io/version`, else the tag of the first image. */
export function versionOf(labels: Readonly<Record<string, string>>, images: readonly string[]): string {
  return labels['version'] || labels['app.kubernetes.io/version'] || imageTag(images[0] ?? '')
}

/** `registry:5000/shop/web:1.4@sha256:…` → `1.4`; no tag: ''. */
export function imageTag(image: string): string {
  const named = image.split('@')[0] ?? ''
  const last = named.slice(named.lastIndexOf('/') + 1)
  const colon = last.indexOf(':')
  return colon === -1 ? '' : last.slice(colon + 1)
}
