/** When to try again after a failure. Stored, for the next page and other tabs must not try at once either. */

import { readLocal, writeLocal } from './storage'

const RETRY = 'sgl_retry'
const LONGEST = 6e4 // ms
const LONGEST_ASKED_FOR = 3e5

/** `<failures in a row> <ms since 1970 to wait for>` */
export const hasFailed = (): string => readLocal(RETRY)

/** Not above 0 when nothing has failed. */
export const msToWait = (): number => Math.min(+hasFailed().split(' ')[1]! - Date.now(), LONGEST_ASKED_FOR)

/** Doubles from one second on, spread so that visitors do not come back all at once; `retryAfter` is in seconds. */
export const failed = (retryAfter: number) => {
  const count = +hasFailed().split(' ')[0]! + 1
  const wait = retryAfter * 1e3 || Math.min(LONGEST, 500 * 2 ** count) * (0.5 + Math.random() / 2)
  writeLocal(RETRY, count + ' ' + (Date.now() + wait))
}

/** A request went through, or the network is back. */
export const recovered = () => writeLocal(RETRY, '')
