import { type Machine, machineText } from '../support/machine.ts'
import { table } from '../support/report.ts'
import type { DecodeResult } from './decode.ts'
import type { DiskUse } from './disk.ts'
import type { EndToEndResult } from './end-to-end.ts'

export interface IngestResults {
  readonly machine: Machine
  readonly decode: readonly DecodeResult[]
  readonly binnacle: EndToEndResult
  readonly naive: EndToEndResult | undefined
}

/** What the issue asks of a lean corpus on two cores. */
const goals = {
  decode: 400_000,
  endToEnd: 200_000,
  p99Ms: 2_000,
  bytesPerSpan: 45,
  bytesPerSpanInAll: 52,
  residentMib: 600,
  overNaive: 8,
}

export function ingestReport(results: IngestResults): string {
  const { machine, binnacle, naive } = results
  return `# Ingest

${machineText(machine)}

One figure says little about another machine; ratios do. \`npm run bench:ingest\` makes this file anew.

## Goals

${goalsTable(results)}

## From bytes to the bytes of an insert

One thread, warm, spans a second of CPU time (garbage collection included), blocks of 50,000 spans.

${decodeTable(results.decode)}

## End to end

\`binnacle serve\` with its embedded engine, and one process that sends gzip requests of 1,024 spans over OTLP
(${protocolText(binnacle)}), ${binnacle.inFlight} requests in flight, closed loop; pools made beforehand, no body twice. A span counts when it is acknowledged, that
is committed. Afterwards what is stored was counted: ${binnacle.stored.toLocaleString('en-US')} spans of ${binnacle.acknowledged.toLocaleString('en-US')} acknowledged. The
baseline decodes with protobufjs' generated code and inserts objects as JSONEachRow, in groups too, into the same columns.

${runsTable(naive ? [binnacle, naive] : [binnacle])}

${memoryTable(binnacle)}
${binnacle.disk ? diskText(binnacle.disk, binnacle) : ''}`
}

const thousands = (value: number) => Math.round(value).toLocaleString('en-US')
const p99Of = ({ sent }: EndToEndResult) => Math.max(...Object.values(sent.latency).map(({ p99 }) => p99))

function protocolText({ protocol }: EndToEndResult): string {
  return protocol === 'both' ? 'half of them HTTP, half gRPC' : protocol === 'http' ? 'HTTP' : 'gRPC'
}

function goalsTable({ decode, binnacle, naive }: IngestResults): string {
  const lean = decode.find(({ path, shape }) => path === 'binnacle' && shape === 'lean')
  const naiveLean = decode.find(({ path, shape }) => path === 'naive' && shape === 'lean')
  const rows: [string, string, string, string][] = []
  const add = (name: string, goal: number, measured: number | undefined, atLeast: boolean) => {
    if (measured === undefined || Number.isNaN(measured)) return
    const met = atLeast ? measured >= goal : measured <= goal
    const digits = measured < 100 ? String(Number(measured.toPrecision(3))) : thousands(measured)
    rows.push([name, `${atLeast ? '≥' : '≤'} ${thousands(goal)}`, digits, met ? 'met' : 'missed'])
  }
  add('decode + encode, lean, spans/s per core', goals.decode, lean?.median, true)
  add('end to end, spans/s on all cores, sender included', goals.endToEnd, binnacle.spansPerSecond, true)
  add('p99 of the acknowledgement, ms', goals.p99Ms, p99Of(binnacle), false)
  add('bytes a span on disk', goals.bytesPerSpan, binnacle.disk?.bytesPerSpan, false)
  add('bytes a span on disk with rollups', goals.bytesPerSpanInAll, binnacle.disk?.bytesPerSpanInAll, false)
  add(
    'service, resident MiB at most',
    goals.residentMib,
    binnacle.processes['service']?.residentMibMax,
    false,
  )
  add(
    'decode + encode over the naive path, times',
    goals.overNaive,
    ratio(lean?.median, naiveLean?.median),
    true,
  )
  add(
    'end to end over the naive path, times',
    goals.overNaive,
    ratio(binnacle.spansPerSecond, naive?.spansPerSecond),
    true,
  )
  return table(['', 'goal', 'measured', ''], rows)
}

const ratio = (mine: number | undefined, theirs: number | undefined) =>
  mine !== undefined && theirs !== undefined ? mine / theirs : undefined

function decodeTable(decode: readonly DecodeResult[]): string {
  return table(
    ['corpus', 'path', 'bytes a span', 'median', 'best'],
    decode.map(({ shape, path, bytesPerSpan, median, best }) => [
      shape,
      path,
      Math.round(bytesPerSpan),
      Math.round(median),
      Math.round(best),
    ]),
  )
}

function runsTable(runs: readonly EndToEndResult[]): string {
  const cell = (value: (run: EndToEndResult) => number | string) => runs.map(value)
  const latency = (run: EndToEndResult, pick: 'p50' | 'p99' | 'max') =>
    Object.entries(run.sent.latency)
      .map(([protocol, one]) => `${protocol} ${thousands(one[pick])}`)
      .join(', ')
  const cpu = (name: string) => (run: EndToEndResult) =>
    `${(run.processes[name]?.cpuSeconds ?? 0).toFixed(1)} s, ${(((run.processes[name]?.cpuSeconds ?? 0) * 1e6) / run.sent.spans).toFixed(2)} µs a span`
  return table(
    ['', ...runs.map(({ target, shape }) => `${target}, ${shape}`)],
    [
      ['spans/s acknowledged', ...cell((run) => thousands(run.spansPerSecond))],
      ['seconds', ...cell((run) => run.sent.seconds.toFixed(1))],
      ['spans', ...cell((run) => thousands(run.sent.spans))],
      [
        'bytes a span, raw and gzipped',
        ...cell((run) => `${run.rawBytesPerSpan.toFixed(0)}, ${run.gzipBytesPerSpan.toFixed(1)}`),
      ],
      ['acknowledged after, p50 ms', ...cell((run) => latency(run, 'p50'))],
      ['p99 ms', ...cell((run) => latency(run, 'p99'))],
      ['at most ms', ...cell((run) => latency(run, 'max'))],
      ['asked to come again', ...cell((run) => thousands(run.sent.retries))],
      ['CPU of the service', ...cell(cpu('service'))],
      ['CPU of the engine', ...cell(cpu('engine'))],
      ['CPU of the sender', ...cell(cpu('sender'))],
      ['CPU in all, µs a span', ...cell((run) => run.cpuMicrosPerSpan.toFixed(2))],
    ],
  )
}

/** Some moments of the run, evenly spread. */
const momentsMax = 7

function memoryTable({ processes }: EndToEndResult): string {
  const samples = processes['service']?.residentMib.length ?? 0
  const step = Math.max(1, Math.ceil(samples / momentsMax))
  const moments = Array.from({ length: samples }, (_, index) => index).filter((index) => index % step === 0)
  return table(
    ['resident MiB', ...moments.map((second) => `${second} s`), 'at most'],
    ['service', 'engine'].map((name) => [
      name,
      ...moments.map((second) => processes[name]?.residentMib[second] ?? 0),
      processes[name]?.residentMibMax ?? 0,
    ]),
  )
}

function diskText(disk: DiskUse, { gzipBytesPerSpan }: EndToEndResult): string {
  return `
## On disk

After OPTIMIZE FINAL, ${thousands(disk.spans)} lean spans: ${disk.bytesPerSpan.toFixed(1)} bytes a span, ${disk.bytesPerSpanInAll.toFixed(1)} with everything that is
derived from them, all minutes rolled up; the gzipped requests had ${gzipBytesPerSpan.toFixed(1)}.

${table(
  ['table', 'rows', 'bytes a span'],
  disk.tables.map(({ table, rows, bytesPerSpan }) => [table, rows, bytesPerSpan]),
)}

${table(
  ['column of `spans`', 'bytes a span'],
  disk.columns.map(({ column, bytesPerSpan }) => [column, bytesPerSpan]),
)}
`
}
