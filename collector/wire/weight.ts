/**
 * The adjusted count of a sampled span: 2^56 / (2^56 − T), with T the rejection threshold that its sampler wrote into the
 * trace state as `ot=th:HEX` (up to 14 hexadecimal digits, trailing zeros left out). 1 when there is none, or it is not valid.
 * Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function weightOf(traceState: string): number {
  if (traceState === '') return 1
  const digits = thresholdPattern.exec(traceState)?.[1]
  if (digits === undefined) return 1
  const threshold = Number.parseInt(digits.padEnd(14, '0'), 16)
  return range / (range - threshold)
}

const range = 2 ** 56
const thresholdPattern = /(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?=[;,\s]|$)/
