import type { SpanWindow } from './pairing-sql.ts'
import { once } from './span-sql.ts'

/**
 * Exceptions that spans recorded as events. Two belong to one group when type and top of stack are the same: the first
 * `framesMax` lines of the stack that look like frames (of Python, whose last frame is the top: the last), without numbers and
 * addresses, so that another line of the same function, or another build, is the same group.
 */
const framesMax = 5
const stackCharsMax = 8_192
const messageCharsMax = 500

const frames = `arrayFilter(line -> match(line, '^\\\\s*(at\\\\s|File "|#?\\\\d+[:\\\\s]|[\\\\w./$]+\\\\()'), splitByChar('\\n', stack))`
const top = `replaceRegexpAll(arrayStringConcat(
    if(startsWith(stack, 'Traceback'), arraySlice(${frames}, -${framesMax}), arraySlice(${frames}, 1, ${framesMax})), '\\n'
  ), '0x[0-9a-fA-F]+|[0-9]+', '?')`

/** SQL text: one row an exception, with its span's keys, `message`, `stack` and `group_hash`. */
export const exceptionEvents = ({ own }: SpanWindow, condition = 'true'): string => `
SELECT *, cityHash64(exception_type, ${top}) AS group_hash FROM (
  SELECT
    start_time, cluster_id, namespace, application, service, version, pod, operation, trace_id, span_id, weight,
    event['exception.type'] AS exception_type, substring(event['exception.message'], 1, ${messageCharsMax}) AS message,
    substring(event['exception.stacktrace'], 1, ${stackCharsMax}) AS stack
  FROM (
    SELECT * EXCEPT (names, attributes), arrayJoin(arrayFilter((a, name) -> name = 'exception', attributes, names)) AS event
    FROM (
      SELECT
        start_time, cluster_id, namespace, application, service, version, pod, operation, trace_id, span_id, weight,
        events_name AS names, events_attributes AS attributes
      FROM spans
      WHERE has(events_name, 'exception') AND ${own('start_time')} AND ${condition}
      ${once}
    )
  )
)`
