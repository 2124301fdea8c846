import { errorText } from '../../std/assert.ts'
import type { ApiError } from './schema/common.ts'

/** The catalogue: every error of the API by its stable code. docs/api.md lists the same. */
export const errorCatalogue = {
  'bad-parameter': { statusCode: 400, error: 'Bad Request' },
  'bad-time': { statusCode: 400, error: 'Bad Request' },
  'bad-rules': { statusCode: 400, error: 'Bad Request' },
  'bad-configuration': { statusCode: 400, error: 'Bad Request' },
  'unknown-cluster': { statusCode: 404, error: 'Not Found' },
  'unknown-pod': { statusCode: 404, error: 'Not Found' },
  'unknown-object': { statusCode: 404, error: 'Not Found' },
  'unknown-application': { statusCode: 404, error: 'Not Found' },
  'unknown-transaction': { statusCode: 404, error: 'Not Found' },
  'unknown-slo': { statusCode: 404, error: 'Not Found' },
  'unknown-trace': { statusCode: 404, error: 'Not Found' },
  'unknown-exception': { statusCode: 404, error: 'Not Found' },
  'unknown-path': { statusCode: 404, error: 'Not Found' },
  'version-conflict': { statusCode: 409, error: 'Conflict' },
  cancelled: { statusCode: 499, error: 'Client Closed Request' },
  internal: { statusCode: 500, error: 'Internal Server Error' },
  'query-too-large': { statusCode: 503, error: 'Service Unavailable' },
  'database-unavailable': { statusCode: 503, error: 'Service Unavailable' },
  'query-timeout': { statusCode: 504, error: 'Gateway Timeout' },
} as const
export type ErrorCode = keyof typeof errorCatalogue

/** Thrown in a handler; the error handler of the service answers with it. */
export class ApiProblem extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function toApiError({ code, message }: Pick<ApiProblem, 'code' | 'message'>): ApiError {
  return { ...errorCatalogue[code], code, message }
}

const timeoutCodes = new Set(['159', '160'])
const memoryCodes = new Set(['241', '307', '396', '158'])

/** What a failed query means to the caller. ClickHouse's numbers: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp */
export function problemOfQuery(error: unknown, cancelled: boolean): ApiProblem {
  if (cancelled) return new ApiProblem('cancelled', 'the request was cancelled by the caller')
  const code = databaseCode(error)
  const text = errorText(error)
  if (timeoutCodes.has(code) || /timeout/i.test(text)) {
    return new ApiProblem(
      'query-timeout',
      'cannot answer in time: the query took longer than query.maxExecutionSeconds; choose a shorter time range or fewer namespaces',
      { cause: error },
    )
  }
  if (memoryCodes.has(code)) {
    return new ApiProblem(
      'query-too-large',
      'cannot answer: the query needs more memory than query.maxMemoryBytes; choose a shorter time range or fewer namespaces',
      { cause: error },
    )
  }
  if (code === '') {
    return new ApiProblem(
      'database-unavailable',
      'cannot reach ClickHouse; it may be restarting: try again in a moment, or look at /readyz',
      { cause: error },
    )
  }
  return new ApiProblem(
    'internal',
    `cannot run the query (ClickHouse code ${code}); the service log has the details`,
    {
      cause: error,
    },
  )
}

/** The ClickHouse error number, '' when the database did not answer. */
function databaseCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^\d+$/.test(code) ? code : ''
}
