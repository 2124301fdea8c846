import type { ApiError as ApiErrorBody } from '@binnacle/collector/api/common'
import { QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useRefresh } from './url-state.ts'

const prefix = '/api/v1'

export type Params = Readonly<Record<string, string | number | boolean | undefined>>

/** What the API answered instead of data, or why it could not be reached (`code` is then `unreachable`). */
export class ApiError extends Error {
  readonly code: string
  readonly statusCode: number
  constructor(body: { code: string; message: string; statusCode: number }, options?: ErrorOptions) {
    super(body.message, options)
    this.name = 'ApiError'
    this.code = body.code
    this.statusCode = body.statusCode
  }
}

export interface ApiAnswer<T> {
  readonly data: T | undefined
  readonly error: ApiError | null
  /** The data belongs to the previous question: show it dimmed until the new one is answered. */
  readonly dimmed: boolean
  refetch(): void
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 60_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && error instanceof ApiError && error.statusCode >= 500,
      },
    },
  })
}

/** GET under /api/v1. While parameters change the previous answer stays, marked as dimmed. */
export function useApi<T>(
  path: string,
  params: Params = {},
  options: { enabled?: boolean } = {},
): ApiAnswer<T> {
  const refresh = useRefresh()
  const url = urlOf(path, params)
  const query = useQuery<T, ApiError>({
    queryKey: [url, refresh.count],
    queryFn: ({ signal }) => fetchJson<T>(url, signal),
    // Another path is another thing: only the answers to other parameters may stand in.
    placeholderData: (previous, previousQuery) =>
      String(previousQuery?.queryKey[0]).split('?')[0] === url.split('?')[0] ? previous : undefined,
    enabled: options.enabled ?? true,
  })
  // A refresh asks the same again: its old answer is not outdated until the new one comes.
  const answered = useRef('')
  if (query.data !== undefined && !query.isPlaceholderData) answered.current = url
  return {
    data: query.data,
    error: query.data === undefined || !query.isPlaceholderData ? query.error : null,
    dimmed: query.isPlaceholderData && answered.current !== url,
    refetch: () => void query.refetch(),
  }
}

/** Answers that were given before something was changed are asked for anew. */
export function useForgetAnswers(): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries()
}

export function urlOf(path: string, params: Params): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') search.set(key, String(value))
  }
  const text = search.toString()
  return prefix + path + (text === '' ? '' : `?${text}`)
}

/** The same for those who ask TanStack Query themselves. */
export function fetchApi<T>(path: string, params: Params, signal: AbortSignal): Promise<T> {
  return fetchJson<T>(urlOf(path, params), signal)
}

/** PUT, POST or DELETE under /api/v1. */
export function sendApi<T>(
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  { body, signal }: { readonly body?: unknown; readonly signal?: AbortSignal } = {},
): Promise<T> {
  return fetchJson<T>(urlOf(path, {}), signal, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
}

async function fetchJson<T>(url: string, signal?: AbortSignal, request: RequestInit = {}): Promise<T> {
  let response: Response
  try {
    const headers = { accept: 'application/json', ...request.headers }
    response = await fetch(url, { ...request, headers, ...(signal ? { signal } : {}) })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(
      {
        code: 'unreachable',
        statusCode: 0,
        message: 'cannot reach the service: check that it runs and that you are connected',
      },
      { cause },
    )
  }
  if (response.ok) return (await response.json()) as T
  throw new ApiError(await errorBody(response))
}

async function errorBody(response: Response): Promise<ApiErrorBody> {
  const otherwise = {
    code: 'unexpected-answer',
    error: response.statusText,
    statusCode: response.status,
    message: `the service answered ${response.status} ${response.statusText}`,
  }
  try {
    return { ...otherwise, ...((await response.json()) as Partial<ApiErrorBody>) }
  } catch {
    return otherwise
  }
}
