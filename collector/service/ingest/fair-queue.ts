/**
 * Items wait per sender, and the senders take turns, so that who sends much does not delay the others.
 * It has no limit of its own: what enters it has passed the budget of what may wait.
 */
export interface FairQueue<T> {
  push(sender: string, item: T): void
  /** Of the sender whose turn it is among those that may go on. */
  take(mayGoOn: (sender: string) => boolean): T | undefined
  size(): number
}

export function createFairQueue<T>(): FairQueue<T> {
  /** In the order of their turns; a sender is here while it has items. */
  const waiting = new Map<string, T[]>()
  let size = 0
  return {
    push(sender, item) {
      const items = waiting.get(sender)
      if (items) items.push(item)
      else waiting.set(sender, [item])
      size++
    },
    take(mayGoOn) {
      for (const [sender, items] of waiting) {
        if (!mayGoOn(sender)) continue
        waiting.delete(sender)
        const item = items.shift()
        if (items.length > 0) waiting.set(sender, items)
        size--
        return item
      }
      return undefined
    },
    size: () => size,
  }
}
