/** Whether anything may be sent or stored. */

import { options, writeKey } from './options'
import { recall } from './persisted'
import type { Reason } from './types'

declare global {
  interface Navigator {
    /** https://www.w3.org/TR/gpc/ */
    readonly globalPrivacyControl?: boolean
  }
}

const BOTS = /bot|crawl|spider|slurp|headless|lighthouse|prerender|externalhit/i

/** Key of the visitor's choice, `in` or `out`. It is read anew each time: another tab may have changed it. */
export const CHOICE = 'sgl_opt'

export const blockedBy = (choice?: string): Reason | undefined =>
  !writeKey ? 'not_started' : options.respectGpc !== false && navigator.globalPrivacyControl
    ? 'gpc'
    : options.respectDnt && navigator.doNotTrack == '1'
      ? 'dnt'
      : !options.allowBots && (navigator.webdriver || BOTS.test(navigator.userAgent))
        ? 'bot'
        : (choice ||= recall(CHOICE)) == 'out'
          ? 'opt_out'
          : options.requireConsent && choice != 'in'
            ? 'no_consent'
            : undefined
