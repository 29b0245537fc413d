export {
  alias,
  anonymousId,
  blocked,
  consent,
  flush,
  group,
  identify,
  init,
  optIn,
  optOut,
  page,
  reset,
  track,
} from './client'
export type { Consent, ConsentValue, Event, EventType, Id, Options, Properties, Reason } from './types'
