/** Which time of each side is compared. Unix ms; `from` inclusive, `to` exclusive. */
export interface Window {
  readonly fromMs: number
  readonly toMs: number
}

export interface Windows {
  readonly a: Window
  readonly b: Window
  readonly sideBySide: boolean
}

/** A call long after the others does not keep a version: this part of the calls at either end does not count. */
const strayPart = 0.005

/** From when to when a version was called, of its calls by step; undefined: never. */
export function presenceOf(
  steps: readonly { readonly timeMs: number; readonly calls: number }[],
  stepMs: number,
): Window | undefined {
  const sorted = steps.filter((step) => step.calls > 0).toSorted((x, y) => x.timeMs - y.timeMs)
  const stray = strayPart * sorted.reduce((sum, step) => sum + step.calls, 0)
  const firstOf = (list: typeof sorted) => {
    let passed = 0
    return list.find((step) => {
      passed += step.calls
      return passed > stray
    })
  }
  const first = firstOf(sorted)
  const last = firstOf(sorted.toReversed())
  return first && last && { fromMs: first.timeMs, toMs: last.timeMs + stepMs }
}

const enoughTogetherMs = 30 * 60_000

/**
 * Two versions are compared in the time that both were called, so that the hour counts for both alike. Where they followed each
 * other, what of each is without the other: the rollout between them is left out.
 */
export function windowsOfVersions(a: Window, b: Window): Windows {
  const both = { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) }
  const shorter = Math.min(a.toMs - a.fromMs, b.toMs - b.fromMs)
  const together = both.toMs - both.fromMs
  if (together > 0 && (together >= shorter / 2 || together >= enoughTogetherMs))
    return { a: both, b: both, sideBySide: true }
  return a.fromMs <= b.fromMs
    ? {
        a: { fromMs: a.fromMs, toMs: Math.min(a.toMs, b.fromMs) },
        b: { fromMs: Math.max(b.fromMs, a.toMs), toMs: b.toMs },
        sideBySide: false,
      }
    : {
        a: { fromMs: Math.max(a.fromMs, b.toMs), toMs: a.toMs },
        b: { fromMs: b.fromMs, toMs: Math.min(b.toMs, a.fromMs) },
        sideBySide: false,
      }
}

const rolloutMs = 5 * 60_000
export const rolloutMsMax = 30 * 60_000

/**
 * Equally long before a deployment and after it, at most `lengthMs`, without the rollout: until the version before was called
 * for the last time (`replacedMs`), or five minutes where that is not known.
 */
export function windowsOfMarker({
  markerMs,
  replacedMs,
  lengthMs,
  nowMs,
}: {
  readonly markerMs: number
  readonly replacedMs: number | undefined
  readonly lengthMs: number
  readonly nowMs: number
}): Windows {
  const gapMs =
    replacedMs !== undefined && replacedMs > markerMs && replacedMs - markerMs <= rolloutMsMax
      ? replacedMs - markerMs
      : rolloutMs
  const afterMs = markerMs + gapMs
  const takenMs = Math.max(0, Math.min(lengthMs, nowMs - afterMs))
  return {
    a: { fromMs: markerMs - takenMs, toMs: markerMs },
    b: { fromMs: afterMs, toMs: afterMs + takenMs },
    sideBySide: false,
  }
}
