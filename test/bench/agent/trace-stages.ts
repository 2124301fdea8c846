import { gzipSync } from 'node:zlib'
import { createPacker, unpack } from '../../../collector/agent/spool/pack.ts'
import { encodeRecord } from '../../../collector/agent/spool/segment-format.ts'
import { inflateBounded } from '../../../collector/intake/inflate-bounded.ts'
import { splitRequest } from '../../../collector/wire/split-request.ts'
import { sdkRequests } from './trace-requests.ts'

/** CPU of each stage of the agent's trace path, in µs a request of 1,024 spans; all threads, with what it makes for V8 to collect. */
export async function measureTraceStages(rounds = 200): Promise<Readonly<Record<string, number>>> {
  const { requests } = sdkRequests('uid-bench-pod')
  const packed = requests.map((one) => gzipSync(one))
  const reservation = { growTo: () => undefined, release() {} }
  const added = new Map(
    ['k8s.cluster.uid', 'k8s.namespace.name', 'k8s.pod.name', 'k8s.node.name'].map((key) => [key, 'a value']),
  )
  const packer = createPacker()
  const batches = requests.map((one) => [one])
  const frames = await Promise.all(batches.map((one) => createPacker().pack(one)))
  const stages: Readonly<Record<string, (index: number) => unknown>> = {
    'inflate gzip': (index) =>
      inflateBounded(packed[index] ?? Buffer.alloc(0), 'gzip', { bytesMax: 16 * 1024 * 1024, reservation }),
    'split, count and enrich': (index) =>
      splitRequest({ signal: 'traces', encoding: 'protobuf', body: requests[index] ?? Buffer.alloc(0) }).map(
        (part) => part.encode(added),
      ),
    'join and compress': (index) => packer.pack(batches[index] ?? []),
    'record with checksum': (index) => {
      const frame = frames[index]
      return frame && encodeRecord({ id: 'a/b/1', signal: 'traces', writtenAtMs: 0 }, [], frame)
    },
    'unpack, only of what is refused or opted out': (index) => {
      const frame = frames[index]
      return frame && unpack(frame, [requests[index]?.length ?? 0])
    },
  }
  const figures: Record<string, number> = {}
  for (const [name, run] of Object.entries(stages)) {
    for (let round = 0; round < requests.length; round++) await run(round)
    const before = process.cpuUsage()
    for (let round = 0; round < rounds; round++) await run(round % requests.length)
    const { user, system } = process.cpuUsage(before)
    figures[name] = Math.round((user + system) / rounds)
  }
  return figures
}

if (import.meta.main) console.table(await measureTraceStages())
