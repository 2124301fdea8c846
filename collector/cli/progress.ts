import type { WriteStream } from 'node:tty'

export interface Progress {
  /** Shows the title while the work goes on, then a tick, the detail it resolved to, and the time it took. */
  step(title: string, work: Promise<string>): Promise<void>
  line(text: string): void
}

/** Plain lines in a pipe; on a terminal the running step is redrawn. NO_COLOR is honoured. */
export function createProgress(out: WriteStream): Progress {
  const live = out.isTTY === true
  const color = live && !process.env['NO_COLOR']
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
  const clear = () => (live ? out.write('\r\u001b[K') : undefined)
  return {
    async step(title, work) {
      const startedAt = performance.now()
      const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
      let frame = 0
      const timer = live
        ? setInterval(
            () => out.write(`\r\u001b[K${frames[frame++ % frames.length]} ${title} … ${seconds()}`),
            100,
          )
        : undefined
      try {
        const detail = await work
        clear()
        out.write(`${paint(32, '✓')} ${title}${detail ? `: ${detail}` : ''} ${paint(90, `(${seconds()})`)}\n`)
      } catch (error) {
        clear()
        out.write(`${paint(31, '✗')} ${title} ${paint(90, `(${seconds()})`)}\n`)
        throw error
      } finally {
        clearInterval(timer)
      }
    },
    line(text) {
      clear()
      out.write(`${text}\n`)
    },
  }
}

export interface ProgressBar {
  show(done: number, all: number): void
  close(): void
}

const barWidth = 30
const linesEveryMs = 2_000

/** A bar on a terminal; in a pipe a line now and then. */
export function createProgressBar(
  out: Pick<WriteStream, 'write' | 'isTTY'>,
  unit: string,
  nowMs: () => number = () => performance.now(),
): ProgressBar {
  const live = out.isTTY === true
  let saidMs = nowMs()
  return {
    show(done, all) {
      const share = all === 0 ? 1 : done / all
      const text = `${done} of ${all} ${unit} (${Math.floor(100 * share)} %)`
      const full = Math.round(barWidth * share)
      if (live) {
        out.write(`\r\u001b[K${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${text}`)
      } else if (nowMs() - saidMs >= linesEveryMs) {
        saidMs = nowMs()
        out.write(`${text}\n`)
      }
    },
    close() {
      if (live) out.write('\r\u001b[K')
    },
  }
}
