/**
 * Sends what is still held when the process ends, without taking part in its decisions.
 *
 * - It runs out of work: flush, for two seconds at the most.
 * - A signal nobody listens to: flush, then end by that signal as it would have.
 * - A signal the application listens to: flush beside it, again and again until it has ended.
 *
 * Libraries such as signal-exit count listeners to find out who ends the process, so ours is there only while nobody
 * else's is: with theirs and ours both in place, each would leave it to the other.
 */
const signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']
const flushMsMax = 2_000
const flushEveryMs = 250

export interface Flushable {
  readonly say: (text: string) => void
  /** Worker threads get no signals. */
  readonly isMainThread: boolean
  /** Sends what is held now. Resolves without work when nothing is. */
  flush(): Promise<void>
}

export function flushAtEnd({ flush, say, isMainThread }: Flushable): void {
  process.on('beforeExit', () => {
    void flush()
    // Nobody else had work left or can have made new work: what holds the process then is the flush.
    setTimeout(() => {
      if (process.listenerCount('beforeExit') > 1) return
      say(`the last spans are lost: nobody took them within ${flushMsMax / 1000} s`)
      process.exit()
    }, flushMsMax).unref()
  })
  if (!isMainThread) return
  // First, because Node keeps the `emit` it finds when the first listener comes.
  flushBesideListeners(flush)
  for (const signal of signals) guard(signal, flush)
}

function guard(signal: NodeJS.Signals, flush: () => Promise<void>): void {
  let ending = false
  const onSignal = () => {
    if (ending) return
    ending = true
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      process.removeListener(signal, onSignal)
      process.kill(process.pid, signal)
    }
    void flush().then(end)
    setTimeout(end, flushMsMax)
  }
  const others = () => process.listeners(signal).some((listener) => listener !== onSignal)
  const settle = () => {
    const present = process.listeners(signal).indexOf(onSignal) !== -1
    if (others()) {
      if (present) process.removeListener(signal, onSignal)
    } else if (!present && !ending) process.on(signal, onSignal)
  }
  // Node stops listening for a signal when its last listener goes, and 'newListener' comes before the new one is there:
  // so ours goes a moment later.
  process.on('newListener', (name, listener) => {
    if (name === signal && listener !== onSignal) void Promise.resolve().then(settle)
  })
  process.on('removeListener', (name, listener) => {
    if (name === signal && listener !== onSignal) settle()
  })
  settle()
}

/** Signals reach listeners through `process.emit`, which tells us of them without a listener of our own. */
function flushBesideListeners(flush: () => Promise<void>): void {
  const emit = process.emit
  let flushing = false
  const start = () => {
    flushing = true
    void flush()
    setInterval(() => void flush(), flushEveryMs).unref()
  }
  process.emit = function (this: NodeJS.Process, ...args: unknown[]) {
    if (!flushing && (args[0] === 'SIGTERM' || args[0] === 'SIGINT')) start()
    return Reflect.apply(emit, this, args)
  } as typeof process.emit
}
