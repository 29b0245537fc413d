/** UTM parameters and click ids of the latest visit that had some. */

import { attempt } from './attempt'
import { readLocal, writeLocal } from './storage'

const WANTED = /^utm_|^(gclid|gbraid|wbraid|dclid|fbclid|msclkid|li_fat_id|ttclid)$/
const CAMPAIGN = 'sgl_utm'

let landed: string | undefined

/** To be called before the page changes its URL. `utm_campaign` is the campaign's name, as in Segment's dialect. */
export const readCampaign = () => {
  const found: Record<string, string> = {}
  for (const [key, value] of new URLSearchParams(location.search))
    if (WANTED.test(key)) {
      found[key == 'utm_campaign' ? 'name' : key.replace('utm_', '')] = value
      landed = JSON.stringify(found)
    }
}

/** Stored when an event needs it, so that nothing is before consent. */
export const campaign = (): Record<string, string> => {
  if (landed) writeLocal(CAMPAIGN, landed)
  return { ...attempt(() => JSON.parse(readLocal(CAMPAIGN))) }
}
