import { afterEach } from 'vitest'
import type { KubeObject } from '../../support/kube-api/objects.ts'
import { type FakeKubeApi, type FakeKubeApiConfig, startFakeKubeApi } from '../../support/kube-api/server.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A server with the namespaces `shop` and `batch`, closed after the test. */
export async function startApi(config: FakeKubeApiConfig = {}): Promise<FakeKubeApi> {
  const api = await startFakeKubeApi(config)
  closers.push(() => api.close())
  for (const name of ['shop', 'batch']) api.create('Namespace', { metadata: { name } })
  return api
}

export const pod = (name: string, more: Partial<KubeObject> = {}, namespace = 'shop'): KubeObject => ({
  ...more,
  metadata: { name, namespace, ...more.metadata },
})

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: KubeList
}

/** Whatever came, read as a list, an object or a Status. */
export interface KubeList extends KubeObject {
  readonly items: KubeObject[]
  readonly message: string
  readonly reason: string
  readonly rows: { readonly cells: readonly string[] }[]
}

export async function ask(api: FakeKubeApi, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(api.url + path, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type') === 'application/json'
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : { message: text }) as KubeList,
  }
}

export const send = (
  api: FakeKubeApi,
  method: string,
  path: string,
  body: object | string,
  type = 'application/json',
): Promise<Answer> =>
  ask(api, path, {
    method,
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

export interface WatchEvent {
  readonly type: string
  readonly object: KubeObject & { readonly code?: number }
}

export interface Watching {
  readonly status: number
  /** The next event; rejects when the stream ends or breaks before, and after two seconds. */
  next(): Promise<WatchEvent>
  /** `TYPE name` of the next so many events. */
  take(count: number): Promise<string[]>
  /** How the stream ended, once it has: its rest without a line end, or that it broke. */
  end(): Promise<string>
}

export async function watch(api: FakeKubeApi, path: string): Promise<Watching> {
  const stop = new AbortController()
  closers.push(() => stop.abort())
  const response = await fetch(api.url + path, { signal: stop.signal })
  const lines = linesOf(response)
  const within = <T>(promise: Promise<T>): Promise<T> =>
    Promise.race([
      promise,
      new Promise<never>((_, reject) => setTimeout(() => reject(new Error('nothing came')), 2_000)),
    ])
  async function next(): Promise<WatchEvent> {
    const { value, done } = await within(lines.next())
    if (done) throw new Error(`the watch ended: ${value}`)
    return JSON.parse(value) as WatchEvent
  }
  return {
    status: response.status,
    next,
    async take(count) {
      const events: string[] = []
      while (events.length < count) {
        const { type, object } = await next()
        events.push(`${type} ${type === 'BOOKMARK' ? object.metadata.resourceVersion : object.metadata.name}`)
      }
      return events
    },
    async end() {
      for (;;) {
        const { value, done } = await within(lines.next())
        if (done) return value
      }
    },
  }
}

async function* linesOf(response: Response): AsyncGenerator<string, string> {
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of response.body ?? []) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      yield* parts
    }
  } catch {
    return 'broken'
  }
  return rest
}
