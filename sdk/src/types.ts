/** Whether something is allowed, by the names that the warehouse reads; others travel along as they are. */
export interface Consent {
  /** May this person's data go to advertisers? */
  ad_user_data?: ConsentValue
  /** May this person see ads chosen by it? */
  ad_personalization?: ConsentValue
  [purpose: string]: ConsentValue | undefined
}

export type ConsentValue = 'granted' | 'denied' | boolean

export type Properties = Record<string, unknown>

export interface Options {
  /** Where the collector is: scheme, host, optional prefix. Default: the page's own origin. */
  host?: string
  /** Send a page event at the start and after each change of the URL. Default: true. */
  autoPage?: boolean
  /** Send an event for clicks on links and buttons, or on what this CSS selector finds. Default: false. */
  clicks?: boolean | string
  /** With Global Privacy Control on, send nothing and store nothing. Default: true. */
  respectGpc?: boolean
  /** The same for "Do Not Track". Default: false. */
  respectDnt?: boolean
  /** Hold events in memory until `optIn`. Default: false. */
  requireConsent?: boolean
  /** The consent of people who have not been asked yet. */
  consent?: Consent
  /** Domain of the cookies. Default: the widest that the browser takes, so that subdomains share them. */
  cookieDomain?: string
  /** A session ends after so many minutes without an event. Default: 30. */
  sessionMinutes?: number
  /** Send as soon as so many events wait. Default: 20. */
  batchSize?: number
  /** Let an event wait for company for at most so many milliseconds. Default: 2000. */
  flushMs?: number
  /** Take events of crawlers and automated browsers too. Default: false. */
  allowBots?: boolean
  /** Sees each event before it is stored or sent: change it, or return null to drop it. */
  beforeSend?: (event: Event) => Event | null
}

/** Whole numbers count as their digits. */
export type Id = string | number

export type EventType = 'track' | 'page' | 'identify' | 'group' | 'alias'

/** An event as it travels, in the collector's native dialect. */
export interface Event {
  type: EventType
  message_id: string
  timestamp: string
  anonymous_id?: string
  user_id?: Id | undefined
  previous_id?: Id
  group_id?: Id
  event?: string
  properties?: Properties
  traits?: Properties
  context: Record<string, unknown>
}

/** Why nothing is sent: the browser's signals, automation, the visitor's choice, or a consent still to be given. */
export type Reason = 'not_started' | 'gpc' | 'dnt' | 'bot' | 'opt_out' | 'no_consent'
