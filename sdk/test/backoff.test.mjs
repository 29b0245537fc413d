import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from './load.mjs'

const SECOND = 1000
const SLACK = 50 // ms between the failure and the look at what is left to wait

test('without a failure there is nothing to wait for', async () => {
  const { hasFailed, msToWait } = await load('backoff')
  assert.ok(!hasFailed())
  assert.ok(!(msToWait() > 0))
})

test('the wait doubles from one second to one minute, and is spread over its second half', async () => {
  const { failed, msToWait } = await load('backoff')
  for (const longest of [1, 2, 4, 8, 16, 32, 60, 60]) {
    failed(NaN)
    assert.ok(msToWait() <= longest * SECOND)
    assert.ok(msToWait() >= (longest / 2) * SECOND - SLACK)
  }
})

test('visitors do not come back all at once', async () => {
  const waits = new Set()
  for (let visitor = 0; visitor < 20; visitor++) {
    const { failed, msToWait } = await load('backoff')
    failed(0)
    waits.add(Math.round(msToWait() / 10))
  }
  assert.ok(waits.size > 5)
})

test('what the collector asks for counts instead, up to five minutes', async () => {
  const { failed, msToWait } = await load('backoff')
  failed(7)
  assert.ok(msToWait() > 7 * SECOND - SLACK && msToWait() <= 7 * SECOND)
  failed(86400)
  assert.equal(msToWait(), 300 * SECOND)
})

test('after a success it starts over', async () => {
  const { failed, hasFailed, msToWait, recovered } = await load('backoff')
  failed(100)
  failed(100)
  recovered()
  assert.ok(!hasFailed())
  failed(NaN)
  assert.ok(msToWait() <= SECOND)
})
