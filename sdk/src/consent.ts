/** What the visitor has allowed. It travels on every event as `context.consent`. */

import { attempt } from './attempt'
import { options } from './options'
import { persist, recall } from './persisted'
import { blockedBy } from './privacy'
import type { Consent } from './types'

const CONSENT = 'sgl_con'

export const consentGiven = (): Consent => ({ ...options.consent, ...attempt(() => JSON.parse(recall(CONSENT))) })

/** Until the visitor may be recorded it is kept in memory only. */
export const keepConsent = (given: Consent | undefined) => {
  options.consent = { ...consentGiven(), ...given }
  if (!blockedBy()) persist(CONSENT, JSON.stringify(options.consent))
}
