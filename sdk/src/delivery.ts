/** Requests to the collector. Plain text with the key in the body needs no CORS preflight. */

import { failed, hasFailed, msToWait, recovered } from './backoff'
import { options, writeKey } from './options'
import { blockedBy } from './privacy'
import { adopt, clear, handOver, isEmpty, isFull, leaveBehind, settle, take } from './queue'

const TIMEOUT = 3e4 // ms
const FLUSH_MS = 2e3
const RETRIED = /^(0|408|429|5)/ // no answer, or one that says later

let timer: ReturnType<typeof setTimeout> | undefined
let isSending = false
let isGone = false

const address = () => (options.host || '') + '/v1/batch'

const body = (events: string[]): string =>
  `{"write_key":"${writeKey}","sent_at":"${new Date().toISOString()}","batch":[${events}]}`

/** The visitor may have opted out in another tab. */
const mayLeave = () => {
  if (blockedBy()) clear()
  return !isEmpty() && navigator.onLine
}

const wakeIn = (ms: number) => {
  timer ||= setTimeout(flush, ms)
}

/** Sends what waits, unless a failure asks for patience. */
export const flush = async (): Promise<void> => {
  timer = clearTimeout(timer) as undefined
  if (isSending || isGone || !mayLeave()) return
  const wait = msToWait()
  if (wait > 0) return wakeIn(wait)
  isSending = true
  // After a failure without keepalive: its limit, which other scripts use too, may be what failed.
  const { status, headers } = await fetch(address(), {
    method: 'POST',
    body: body(take()),
    keepalive: !hasFailed(),
    signal: AbortSignal.timeout?.(TIMEOUT),
  }).catch((): Partial<Response> & { status: number } => ({ status: 0 }))
  isSending = false
  const again = RETRIED.test(status as unknown as string)
  if (again) failed(+headers?.get('retry-after')!)
  else {
    recovered()
    if (status >= 400) console.warn('segmentloom:', status)
  }
  settle(!again)
  schedule()
}

export const schedule = () => {
  if (isFull(options.batchSize || 20)) void flush()
  else if (!isEmpty()) wakeIn(options.flushMs ?? FLUSH_MS)
}

/** Goes on from what is stored: another page may have taken over what this one left. */
export const resume = () => {
  isGone = false
  adopt()
  schedule()
}

/** After a failure events stay stored for the next page: a beacon gives no answer. */
const onLeave = () => {
  if (!mayLeave() || hasFailed()) leaveBehind()
  else handOver((events) => navigator.sendBeacon(address(), body(events)))
}

export const followNetwork = () => {
  addEventListener('online', () => {
    recovered()
    void flush()
  })
  addEventListener('pagehide', () => {
    onLeave()
    isGone = true // the browser may still tell this page that the network is back
  })
  addEventListener('pageshow', () => {
    if (isGone) resume() // back from the browser's cache
  })
  addEventListener('visibilitychange', () => document.hidden && onLeave())
}
