/**
 * Orders two resource versions of one resource type. They are decimal integers of any length (past 2^53 too), so they are
 * compared as text: https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/5504-comparable-resource-version
 * An empty version is older than any other.
 */
export function compareVersions(a: string, b: string): number {
  const left = a.replace(/^0+(?=\d)/, '')
  const right = b.replace(/^0+(?=\d)/, '')
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}
