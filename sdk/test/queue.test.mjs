import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from './load.mjs'

const PIECE = 60000
const started = async () => {
  const queue = await load('queue')
  queue.adopt()
  return queue
}

test('pieces hold whole events and stay below the limit in bytes, not in characters', async () => {
  const { put, settle, take } = await started()
  const events = Array.from({ length: 50 }, (_, number) => JSON.stringify({ number, text: 'é€'.repeat(number * 97) }))
  events.forEach(put)
  const sent = []
  for (let piece; (piece = take()).length; settle(true)) {
    assert.ok(Buffer.byteLength(piece.join('')) < PIECE)
    sent.push(...piece)
  }
  assert.deepEqual(sent, events)
})

test('a piece that failed is taken again with what came in the meantime', async () => {
  const { put, settle, take } = await started()
  put('1')
  assert.deepEqual(take(), ['1'])
  put('2')
  settle(false)
  assert.deepEqual(take(), ['1', '2'])
})

test('a piece that arrived takes only itself out', async () => {
  const { put, settle, take } = await started()
  put('1')
  take()
  put('2')
  settle(true)
  assert.deepEqual(take(), ['2'])
})

test('what is being sent is not handed over as well', async () => {
  const { handOver, put, take } = await started()
  put('1')
  take()
  put('2')
  const given = []
  handOver((piece) => given.push(...piece))
  assert.deepEqual(given, ['2'])
})

test('what the browser does not take stays', async () => {
  const { handOver, isEmpty, put, take } = await started()
  put('1')
  handOver(() => false)
  assert.ok(!isEmpty())
  assert.deepEqual(take(), ['1'])
})

test('beyond a megabyte the oldest go, but not what is being sent', async () => {
  const { put, settle, take } = await started()
  const event = (number) => JSON.stringify({ number, text: 'x'.repeat(19900) })
  for (let number = 0; number < 10; number++) put(event(number))
  const sending = take()
  assert.deepEqual(sending, [event(0), event(1), event(2)])
  for (let number = 10; number < 100; number++) put(event(number))
  settle(true)
  const [next] = take()
  assert.ok(JSON.parse(next).number > 45)
})

test('what was cleared while it was sent does not take others with it', async () => {
  const { clear, put, settle, take } = await started()
  put('1')
  take()
  clear()
  put('2')
  settle(true)
  assert.deepEqual(take(), ['2'])
})
