/** What has to outlive the page and hold on every subdomain: in a cookie, and in localStorage in case that goes. */

import { readCookie, writeCookie } from './cookies'
import { localKeys, readLocal, writeLocal } from './storage'

export const recall = (key: string): string => readCookie(key) || readLocal(key)

/** An empty value removes. */
export const persist = (key: string, value: string) => {
  writeCookie(key, value)
  writeLocal(key, value)
}

/** Removes what bears a name like this; a cookie may be there without its copy, from another subdomain. */
export const forget = (names: RegExp) =>
  (localKeys() + ';' + document.cookie).match(names)?.forEach((key) => persist(key, ''))
