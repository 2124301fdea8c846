import type { KubeApi, KubeError, WatchItem, WatchRequest } from '../../record/kube-api.ts'
import type { Clock } from '../../std/clock.ts'

export type StreamEnd =
  | { readonly type: 'closed' }
  /** Nothing arrived, not even a bookmark: the connection may be half open. */
  | { readonly type: 'silent' }
  /** `onEvent` asked for it. */
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly error: KubeError }

export interface ReadStreamOptions {
  readonly client: KubeApi
  readonly clock: Clock
  /** More than twice the interval of bookmarks, which is about a minute. Cutting a live stream costs one resume. */
  readonly silenceMsMax: () => number
  /** Nothing more is read until it has answered. */
  readonly onEvent: (event: Extract<WatchItem, { type: 'event' }>) => Step | Promise<Step>
}

export type Step = 'go-on' | 'stop'

/** Reads one watch to its end, and ends it when it falls silent. */
export async function readStream(
  { client, clock, silenceMsMax, onEvent }: ReadStreamOptions,
  request: WatchRequest,
): Promise<StreamEnd> {
  const cut = new AbortController()
  const over = new AbortController()
  let lastAtMs = clock.monotonicMs()
  let silent = false

  async function watchForSilence(): Promise<void> {
    const signal = AbortSignal.any([request.signal, over.signal])
    while (!signal.aborted) {
      const leftMs = lastAtMs + silenceMsMax() - clock.monotonicMs()
      if (leftMs <= 0) {
        silent = true
        cut.abort()
        return
      }
      await clock.sleep(Math.min(leftMs, silenceMsMax()), signal)
    }
  }

  /** While we are the slow ones, the server is not silent. */
  async function busy(step: Promise<Step>): Promise<Step> {
    lastAtMs = Number.POSITIVE_INFINITY
    const taken = await step
    lastAtMs = clock.monotonicMs()
    return taken
  }

  void watchForSilence()
  try {
    const signal = AbortSignal.any([request.signal, cut.signal])
    for await (const item of client.watch({ ...request, signal })) {
      lastAtMs = clock.monotonicMs()
      if (item.type === 'failed') return silent ? { type: 'silent' } : item
      const step = onEvent(item)
      if ((typeof step === 'string' ? step : await busy(step)) === 'stop') return { type: 'stopped' }
    }
    return silent ? { type: 'silent' } : { type: 'closed' }
  } finally {
    over.abort()
    cut.abort()
  }
}
