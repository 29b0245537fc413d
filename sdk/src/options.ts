import type { Options } from './types'

/** What `init` was given. Without a key nothing is recorded. */
export let options: Options = {}
export let writeKey = ''

export const setOptions = (key: string, given: Options) => {
  writeKey = key
  options = given
}
