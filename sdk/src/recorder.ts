/** From a call to an event in the queue. */

import { campaign } from './campaign'
import { consentGiven } from './consent'
import { schedule } from './delivery'
import { options } from './options'
import { currentPage, type Page } from './page'
import { forget } from './persisted'
import { blockedBy } from './privacy'
import { bytesOf, clear, put } from './queue'
import type { Event, EventType } from './types'
import { randomId } from './random_id'
import { anonymousId, becomeUser, session, userId } from './visitor'

declare const VERSION: string // put in by the build

const MAX_EVENT = 32e3 // bytes; the collector takes 32 KiB
const MAX_HELD = 100

/** Events from before the visitor's consent: in memory only, without an id. */
let held: Event[] = []

/** A page goes on whatever it gives us, such as properties that are no JSON. */
const submit = (event: Event) => {
  try {
    if (event.type == 'identify' && event.user_id) becomeUser(event.user_id)
    event.anonymous_id = anonymousId()
    event.user_id ||= userId()
    Object.assign(event.context, { session: session(), campaign: campaign(), consent: consentGiven() })
    const wanted = options.beforeSend ? options.beforeSend(event) : event
    if (!wanted) return
    const text = JSON.stringify(wanted)
    if (bytesOf([text]) > MAX_EVENT) throw 'event too large'
    put(text)
    schedule()
  } catch (error) {
    console.warn('segmentloom:', error)
  }
}

export const record = (type: EventType, fields: Partial<Event>, at?: Page) => {
  const reason = blockedBy()
  if (reason && reason != 'no_consent') return
  const page = at || currentPage()
  if (type == 'page') fields.properties = { ...page, ...fields.properties }
  const event: Event = {
    type,
    message_id: randomId(),
    timestamp: new Date().toISOString(),
    ...fields,
    context: {
      page,
      locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      user_agent: navigator.userAgent,
      gpc: !!navigator.globalPrivacyControl,
      library: { name: 'segmentloom.js', version: VERSION },
    },
  }
  if (!reason) submit(event)
  else if (held.length < MAX_HELD) held.push(event)
}

export const release = () => {
  held.forEach(submit)
  held = []
}

/** Nothing of the visitor stays in the browser, but a refusal. */
export const forgetAll = () => {
  held = []
  clear()
  forget(/sgl_(?!opt)[\w-]+/g)
}
