/** SQL text shared by the questions about spans. Spans are always read with FINAL: a resend is one span. */

export const noParent = "toFixedString('', 8)"

/** An entry span begins work in a tier: a server or consumer span, or the root of a trace. */
export const isEntry = `(kind IN (2, 5) OR parent_span_id = ${noParent})`

/** The column is given qualified: an alias `kind` beside it would hide it, in WHERE too. */
export const kindName = (column: string): string =>
  `transform(${column}, [1, 2, 3, 4, 5], ['internal', 'server', 'client', 'producer', 'consumer'], 'unspecified')`

export const statusName = (column: string): string => `transform(${column}, [1, 2], ['ok', 'error'], 'unset')`

/** Both halves of a call pair when they lie within this of the range's edges: a message may wait in a queue. */
export const pairingMarginMs = 10 * 60_000
