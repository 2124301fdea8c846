/** A way to send one compressed request and to learn what became of it. */
export interface Lane {
  readonly protocol: 'http' | 'grpc'
  send(body: Buffer): Promise<Answer>
  close(): Promise<void>
}

export type Answer =
  | { readonly type: 'accepted' }
  | { readonly type: 'again'; readonly afterMs: number }
  | { readonly type: 'failed'; readonly reason: string }
