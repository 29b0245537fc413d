/** Cookies on the widest domain that the browser takes, so that all subdomains of a site know the same visitor. */

import { attempt } from './attempt'
import { options } from './options'

const YEAR = 31536000 // seconds

export const readCookie = (key: string): string =>
  attempt(() => decodeURIComponent(document.cookie.match('\\b' + key + '=([^;]*)')![1]!)) || ''

/** From two labels up to the whole host, then the host alone: a public suffix, an address or localhost is refused. */
const domains = (): string[] => {
  const labels = location.hostname.split('.')
  return [...labels.map((_, count) => labels.slice(-count - 2).join('.')), '']
}

/** An empty value removes, wherever the cookie may be. */
export const writeCookie = (key: string, value: string) => {
  for (const domain of options.cookieDomain == null ? domains() : [options.cookieDomain]) {
    document.cookie =
      key + '=' + encodeURIComponent(value) + ';path=/;samesite=lax;max-age=' + (value ? YEAR : 0) +
      (domain && ';domain=' + domain) + (location.protocol == 'https:' ? ';secure' : '')
    if (value && readCookie(key) == value) break
  }
}
