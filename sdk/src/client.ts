/** What a page calls. Nothing here throws, and nothing happens before `init` or on a server. */

import { readCampaign } from './campaign'
import { followClicks } from './clicks'
import { keepConsent } from './consent'
import { flush, followNetwork, resume } from './delivery'
import { options, setOptions, writeKey } from './options'
import { followPages } from './page'
import { persist } from './persisted'
import { blockedBy as blocked, CHOICE } from './privacy'
import { forgetAll, record, release } from './recorder'
import { openStorage } from './storage'
import type { Consent, Id, Options, Properties } from './types'
import * as visitor from './visitor'

/** Starts recording; the key is a public one, `pk_...`. */
export const init = (key: string, given: Options = {}): void => {
  if (writeKey || (globalThis.origin || 'null') == 'null') return // twice, on a server, or in a sandboxed frame
  openStorage()
  setOptions(key, given)
  if (blocked()) forgetAll()
  else resume()
  readCampaign()
  followNetwork()
  if (given.autoPage !== false) followPages((at) => record('page', {}, at))
  if (given.clicks) followClicks(given.clicks, track)
}

export const track = (event: string, properties: Properties = {}): void => record('track', { event, properties })

/** A page view under a name of your own; without `autoPage` the only kind. */
export const page = (name?: string, properties: Properties = {}): void =>
  record('page', { properties: { name, ...properties } })

/** Ties the visitor to your id of the person, or adds traits to whoever it is. */
export const identify = (id: Id | Properties | null | undefined, traits: Properties = {}): void =>
  record('identify', id && typeof id != 'object' ? { user_id: id, traits } : { traits: (id as Properties) || traits })

export const group = (group_id: Id, traits: Properties = {}): void => record('group', { group_id, traits })

/** Says that two ids of yours are one person. */
export const alias = (user_id: Id, previous_id: Id): void => record('alias', { user_id, previous_id })

/** The next event is another visitor's: call it at logout. */
export const reset = (): void => {
  if (!blocked()) visitor.forgetVisitor()
}

/** Records what the visitor allows. It travels on every event from now on, and at once on an event of its own. */
export const consent = (given?: Consent): void => {
  if (!writeKey) return
  keepConsent(given)
  identify(null)
}

/** The visitor agrees to be recorded; events that were held go out. A signal of the browser is stronger. */
export const optIn = (given?: Consent): void => {
  if (blocked('in')) return
  const wasBlocked = blocked()
  persist(CHOICE, 'in')
  if (wasBlocked) resume()
  release()
  if (given || options.consent) consent(given)
}

/** The visitor refuses: what waits is dropped, ids go, only this choice is stored. */
export const optOut = (): void => {
  if (!writeKey) return
  forgetAll()
  persist(CHOICE, 'out')
}

export const anonymousId = (): string | undefined => (blocked() ? undefined : visitor.anonymousId())

export { blocked, flush }
