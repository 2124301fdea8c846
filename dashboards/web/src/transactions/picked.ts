/** A call that was chosen to be compared. */
export interface Picked {
  readonly traceId: string
  readonly startMs: number
}

/** Reads the URL's `traceId@startMs,traceId@startMs`; what is malformed is left out, and more than two. */
export function parsePicked(text: string | undefined): readonly Picked[] {
  return (text ?? '')
    .split(',')
    .flatMap((one): Picked[] => {
      const [, traceId = '', startMs] = /^([0-9a-f]{32})@(\d{1,13})$/.exec(one) ?? []
      return startMs === undefined ? [] : [{ traceId, startMs: Number(startMs) }]
    })
    .slice(-2)
}

export function pickedToText(picked: readonly Picked[]): string | undefined {
  const text = picked.map(({ traceId, startMs }) => `${traceId}@${Math.round(startMs)}`).join(',')
  return text || undefined
}
