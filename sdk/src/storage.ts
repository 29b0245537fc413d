/** Values in localStorage; in memory where the browser refuses that. */

let area: Record<string, string> = {}

/** To be called first. */
export const openStorage = () => {
  try {
    area = localStorage || area // no storage at all in some web views
  } catch {}
}

export const localKeys = (): string[] => Object.keys(area)

export const readLocal = (key: string): string => area[key] || ''

/** An empty value removes. A full storage keeps what it has. */
export const writeLocal = (key: string, value: string) => {
  try {
    value ? (area[key] = value) : delete area[key]
  } catch {}
}
