/**
 * OpenTelemetry's part of a trace state (`ot=th:…;rv:…`), as consistent probability sampling uses it.
 * Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export interface SamplingState {
  /** The rejection threshold of samplers before us, as 14 hexadecimal digits; undefined: there was none. */
  readonly threshold: string | undefined
  /** Explicit randomness of the trace, 14 hexadecimal digits; undefined: it is in the trace id. */
  readonly random: string | undefined
}

const none: SamplingState = { threshold: undefined, random: undefined }
const thresholdPattern = /(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?=[;,\s]|$)/
const randomPattern = /(?:^|,)\s*ot=(?:[^,]*;)?rv:([0-9a-f]{14})(?=[;,\s]|$)/

/** What is not valid counts as not there. */
export function readSamplingState(traceState: string): SamplingState {
  if (!traceState.includes('ot=')) return none
  return {
    threshold: thresholdPattern.exec(traceState)?.[1]?.padEnd(14, '0'),
    random: randomPattern.exec(traceState)?.[1],
  }
}

/** The trace state with this threshold in the place of any other; a changed member goes to the front (W3C Trace Context). */
export function withThreshold(traceState: string, threshold: string): string {
  const th = `th:${threshold.replace(/0+$/, '') || '0'}`
  const members = traceState.split(',').map((member) => member.trim())
  const own = members.find((member) => member.startsWith('ot='))
  const fields = own
    ?.slice('ot='.length)
    .split(';')
    .filter((field) => field !== '' && !field.startsWith('th:'))
  const others = members.filter((member) => member !== '' && !member.startsWith('ot='))
  return [`ot=${[th, ...(fields ?? [])].join(';')}`, ...others].join(',')
}

const samplingField = /^(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14})$/

/** All of a trace state rewritten but the fields that sampling stands on. */
export function mapTraceState(traceState: string, rewrite: (text: string) => string): string {
  if (traceState === '') return ''
  const rewriteField = (field: string) => (samplingField.test(field.trim()) ? field : rewrite(field))
  return traceState
    .split(',')
    .map((member) => {
      const [, start, fields] = /^(\s*ot=)(.*)$/s.exec(member) ?? []
      if (start === undefined || fields === undefined) return rewrite(member)
      return start + fields.split(';').map(rewriteField).join(';')
    })
    .join(',')
}
