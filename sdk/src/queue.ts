/**
 * Events that wait, oldest first, as JSON texts: a snapshot of what the page gave, and stored without another look.
 *
 * Each page stores its own, or the last one to write would erase what others have. The next page that loads takes over
 * what a page has left behind, and what has been silent for a minute.
 */

import { randomId } from './random_id'
import { localKeys, readLocal, writeLocal } from './storage'

const QUEUE = 'sgl_q'
const ABANDONED = 6e4 // ms
const MAX_STORED = 1e6 // bytes, of the 5 MB that a site has
const MAX_PIECE = 6e4 // bytes: keepalive and sendBeacon take 64 KiB together

let key: string
let waiting: string[] = []
let sending = 0

export const bytesOf = (texts: string[]): number => new Blob(texts).size

const save = (at = Date.now(), from = 0) => {
  const lines = waiting.slice(from)
  writeLocal(key, lines[0] ? [at, ...lines].join('\n') : '')
}

export const put = (text: string) => {
  waiting.push(text)
  while (bytesOf(waiting) > MAX_STORED) waiting.splice(sending, 1)
  save()
}

/** Starts from what this page and others have left behind. */
export const adopt = () => {
  waiting = []
  sending = 0
  key = QUEUE + randomId()
  for (const other of localKeys())
    if (other.startsWith(QUEUE)) {
      const [savedAt, ...lines] = readLocal(other).split('\n')
      if (Date.now() - +savedAt! > ABANDONED) {
        waiting.unshift(...lines)
        writeLocal(other, '')
      }
    }
  save()
}

export const isFull = (size: number): boolean => waiting.length >= size || bytesOf(waiting) > MAX_PIECE

export const isEmpty = (): boolean => !waiting[0]

const piece = (from: number): string[] => {
  let end = from
  while (end < waiting.length && bytesOf(waiting.slice(from, end + 1)) < MAX_PIECE) end++
  return waiting.slice(from, end)
}

/** The next events to send; they keep their place until `settle` says what became of them. */
export const take = (): string[] => {
  const taken = piece(0)
  sending = taken.length
  return taken
}

export const settle = (isDone: boolean) => {
  if (isDone) waiting.splice(0, sending)
  sending = 0
  save()
}

/**
 * Gives a piece to `send`; the browser would not take a second one. What is being sent already is the browser's, which
 * goes on with it when the page goes, so it is neither sent again nor stored for the next page.
 */
export const handOver = (send: (piece: string[]) => boolean) => {
  const given = piece(sending)
  if (given[0] && send(given)) waiting.splice(sending, given.length)
  save(0, sending)
}

/** Leaves all that is not known to have arrived for the next page. */
export const leaveBehind = () => save(0)

export const clear = () => {
  waiting = []
  sending = 0
  save()
}
