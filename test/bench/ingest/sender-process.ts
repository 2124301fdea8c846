import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { FromSender, Sent, ToSender } from './messages.ts'

export interface Sender {
  readonly pid: number
  prepare(
    config: Omit<Extract<ToSender, { type: 'prepare' }>, 'type'>,
  ): Promise<Extract<FromSender, { type: 'prepared' }>>
  send(
    config: Omit<Extract<ToSender, { type: 'send' }>, 'type'>,
    onProgress: (spans: number) => void,
  ): Promise<Sent>
  close(): void
}

export function startSender(): Sender {
  const child = fork(join(import.meta.dirname, 'sender.ts'), {
    stdio: 'inherit',
    execArgv: ['--max-old-space-size=512'],
  })

  function ask<T extends FromSender['type']>(
    message: ToSender,
    answer: T,
    onProgress: (spans: number) => void = () => {},
  ): Promise<Extract<FromSender, { type: T }>> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the sender ended with exit code ${code}`))
      const onMessage = (told: FromSender) => {
        if (told.type === 'progress') return onProgress(told.spans)
        if (told.type !== answer) return
        child.off('message', onMessage)
        child.off('exit', onExit)
        resolve(told as Extract<FromSender, { type: T }>)
      }
      child.on('message', onMessage)
      child.once('exit', onExit)
      child.send(message)
    })
  }

  return {
    pid: child.pid ?? 0,
    prepare: (config) => ask({ type: 'prepare', ...config }, 'prepared'),
    send: (config, onProgress) => ask({ type: 'send', ...config }, 'sent', onProgress),
    close: () => child.disconnect(),
  }
}
