import { keepDropped, readKeyValue } from './any-value.ts'
import { readProto } from './proto-reader.ts'
import { isId } from './trace-decoder.ts'

/** A measurement that went into a data point, as a sample, with the span it was made in. */
export interface Exemplar {
  timeNs: bigint
  value: number
  traceId: Uint8Array
  spanId: Uint8Array
  attributes: Map<string, string>
}

const noTraceId = new Uint8Array(16)
const noSpanId = new Uint8Array(8)

/** An exemplar without a valid id is a measurement outside of any span. */
export function readExemplar(bytes: Uint8Array): Exemplar {
  const exemplar: Exemplar = {
    timeNs: 0n,
    value: 0,
    traceId: noTraceId,
    spanId: noSpanId,
    attributes: new Map(),
  }
  let surplusAttributes = 0
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() === 2) exemplar.timeNs = reader.fixed64()
    else if (reader.field() === 3) exemplar.value = reader.double()
    else if (reader.field() === 4) exemplar.spanId = idOr(noSpanId, reader.bytes())
    else if (reader.field() === 5) exemplar.traceId = idOr(noTraceId, reader.bytes())
    else if (reader.field() === 6) exemplar.value = Number(BigInt.asIntN(64, reader.fixed64()))
    else if (reader.field() === 7 && !readKeyValue(reader.bytes(), exemplar.attributes)) surplusAttributes++
  }
  keepDropped(exemplar.attributes, surplusAttributes)
  return exemplar
}

const idOr = (none: Uint8Array, id: Uint8Array) => (isId(id, none.length) ? id : none)
