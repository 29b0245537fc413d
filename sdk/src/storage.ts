/** Values in localStorage; in memory where the browser refuses that. */

import { attempt } from './attempt'

let area: Record<string, string> = {}

/** To be called first. */
export const openStorage = () => (area = attempt(() => localStorage) || area) // some web views have none

export const localKeys = (): string[] => Object.keys(area)

export const readLocal = (key: string): string => area[key] || ''

/** An empty value removes. A full storage keeps what it has. */
export const writeLocal = (key: string, value: string) =>
  attempt(() => (value ? (area[key] = value) : delete area[key]))
