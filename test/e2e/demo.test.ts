import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually, freePort, startCli, tempDirectory } from '../support/processes.ts'

/** `npm start` after its installation: everything runs, shows data within 30 s of the service, stops cleanly, and keeps its data. */
test('the demo shows pods, events, versions and traces, stops on Ctrl-C, and finds its data again', {
  timeout: 240_000,
}, async () => {
  const directory = tempDirectory('demo')
  const options = ['--port', '--agent-port', '--otlp-grpc-port', '--otlp-http-port', '--app-port']
  const ports = await Promise.all(options.map(() => freePort()))
  const args = [
    'demo',
    '--data-dir',
    directory.path,
    ...options.flatMap((option, index) => [option, String(ports[index])]),
  ]
  const url = `http://127.0.0.1:${ports[0]}`
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${url}/api/v1${path}`)).json()) as T
  const started: ReturnType<typeof startCli>[] = []
  const start = async () => {
    const demo = startCli(...args)
    started.push(demo)
    await eventually(
      'the demo runs',
      () => (demo.output().includes(`Binnacle is running: ${url}`) ? true : undefined),
      {
        withinMs: 90_000,
        hint: demo.output,
      },
    )
    return demo
  }
  try {
    const first = await start()
    expect(
      Number(/First pods, events, traces and flow map: .*\(([\d.]+) s\)/.exec(first.output())?.[1]),
    ).toBeLessThan(30)
    expect(await get<{ notice: string }>('/about')).toMatchObject({
      notice: expect.stringContaining('simulated'),
    })
    const { clusters } = await get<{ clusters: { clusterId: string; pods: number; namespaces: number }[] }>(
      '/clusters',
    )
    expect(clusters).toMatchObject([{ namespaces: 2 }])
    const events = await get<{ total: number }>(`/clusters/${clusters[0]?.clusterId}/events`)
    expect(events.total).toBeGreaterThan(10)
    // A call of the demo's services in forty fails, on purpose.
    await eventually('the demo service answers', async () => {
      const app = (await (await fetch(`http://127.0.0.1:${ports[4]}/hw2`)).json()) as { from?: string }
      return app.from === 'magnanimo' ? true : undefined
    })
    const before = await get<{ traces: { traceId: string }[] }>('/traces?from=now-15m&limit=1000')
    expect(before.traces.length).toBeGreaterThan(0)
    expect(await first.kill('SIGINT')).toBe(0)
    expect(first.output()).toContain('Stopped.')

    const second = await start()
    const after = await get<{ traces: { traceId: string }[] }>('/traces?from=now-15m&limit=1000')
    const known = new Set(after.traces.map(({ traceId }) => traceId))
    expect(before.traces.filter(({ traceId }) => !known.has(traceId))).toEqual([])
    expect(await second.kill('SIGTERM')).toBe(0)
    for (const port of ports) await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  } catch (error) {
    throw new Error(`logs in ${join(directory.path, 'logs')}`, { cause: error })
  } finally {
    await Promise.all(started.map((demo) => demo.kill('SIGTERM')))
    directory.remove()
  }
})
