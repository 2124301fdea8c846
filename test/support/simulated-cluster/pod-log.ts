import type { KubeObject } from '../kube-api/objects.ts'

interface Ended {
  readonly exitCode: number
  readonly finishedAt: string
}

/** What the container of a simulated pod wrote: those that crash say why; the programs of real ones write to the demo's log. */
export function podLogOf(
  pod: KubeObject,
  { container, previous }: { readonly container: string; readonly previous: boolean },
): string {
  const { containerStatuses = [] } = (pod['status'] ?? {}) as {
    containerStatuses?: { name: string; lastState?: { terminated?: Ended }; restartCount?: number }[]
  }
  const status = containerStatuses.find((one) => one.name === container)
  const ended = previous ? status?.lastState?.terminated : undefined
  if (!ended) return `${pod.metadata.name}/${container}: simulated, it writes nothing\n`
  const endedMs = Date.parse(ended.finishedAt)
  const line = (agoMs: number, level: string, text: string) =>
    `${new Date(endedMs - agoMs).toISOString()} ${level.padEnd(5)} ${text}`
  const lines = [
    line(8_200, 'INFO', `${container} starts, instance ${status?.restartCount ?? 1}`),
    line(8_100, 'INFO', 'connecting to postgres://fatture:s3cr3t-Passw0rd@postgres.payments:5432/fatture'),
    line(6_100, 'WARN', 'connection refused (attempt 1 of 3), again in 2 s'),
    line(4_000, 'WARN', 'connection refused (attempt 2 of 3), again in 2 s'),
    ...(ended.exitCode === 137
      ? [line(900, 'WARN', 'heap used 96 %: report 2026-Q3 has 4,812,004 rows in memory')]
      : [
          line(300, 'ERROR', 'connection refused (attempt 3 of 3): giving up'),
          'Error: connect ECONNREFUSED 10.96.12.7:5432',
          '    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)',
          '    at async openPool (/app/src/database.js:41:11)',
          '    at async main (/app/src/main.js:12:3)',
        ]),
  ]
  return `${lines.join('\n')}\n`
}
