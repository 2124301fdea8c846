/**
 * Bounds on what one request may make of its bytes: two bytes on the wire can become a row of a kilobyte. Beyond the first
 * three the whole request is refused (the sender is to send smaller ones); of the others the surplus is counted as dropped.
 */

/** Spans, log records or data points of a request. */
export const itemsMax = 200_000
/** Resources with something in them, of a request that is split by resource. */
export const resourcesMax = 20_000
/** Objects and arrays of a JSON body: some ten thousand spans. */
export const jsonObjectsMax = 250_000

/** Messages inside messages: AnyValue may nest at will. The item is rejected alone. */
export const nestingMax = 64
/** Buckets, bounds or quantiles of a data point. The metric is rejected alone. */
export const listMax = 65_536

/** Pieces of a sub-message that comes in several; they are joined. */
export const piecesMax = 64

/** Of one span, event, link, log record, data point or resource. */
export const attributesMax = 1_024
/** Sample measurements of a data point. The metric is rejected alone. */
export const exemplarsMax = 4_096

/** Of one span. */
export const eventsMax = 4_096
export const linksMax = 4_096
