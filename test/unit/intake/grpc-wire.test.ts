import { expect, test } from 'vitest'
import {
  binaryHeader,
  frameMessage,
  grpcTimeoutMs,
  percentEncode,
} from '../../../collector/intake/grpc-wire.ts'

test.each([
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['10S', 10_000],
  ['9998m', 9_998],
  ['500u', 0.5],
  ['99999999n', 99.999999],
  ['0S', 0],
  [undefined, Number.POSITIVE_INFINITY],
  ['', Number.POSITIVE_INFINITY],
  ['123456789m', Number.POSITIVE_INFINITY],
  ['-1S', Number.POSITIVE_INFINITY],
  ['1s', Number.POSITIVE_INFINITY],
])('grpc-timeout %s is %d ms', (text, ms) => {
  expect(grpcTimeoutMs(text)).toBeCloseTo(ms)
})

test.each([
  ['plain text, ~!', 'plain text, ~!'],
  ['100 % of it', '100 %25 of it'],
  ['two\nlines', 'two%0Alines'],
  ['größer', 'gr%C3%B6%C3%9Fer'],
  ['', ''],
])('the message %j travels as %j', (message, text) => {
  expect(percentEncode(message)).toBe(text)
  expect(decodeURIComponent(percentEncode(message))).toBe(message)
})

test('a frame is led by 0 and the length', () => {
  expect(frameMessage(Uint8Array.of(7, 8))).toEqual(Buffer.from([0, 0, 0, 0, 2, 7, 8]))
})

test('a binary header is base64 without padding', () => {
  expect(binaryHeader(Uint8Array.of(1))).toBe('AQ')
})
