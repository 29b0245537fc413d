/** The file for a script tag: takes up the calls that the snippet kept, then `window.segmentloom` is the real thing. */

import {
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

type Call = [method: string, ...given: unknown[]]

declare global {
  interface Window {
    segmentloom?: unknown
  }
}

const kept = window.segmentloom || []

if (Array.isArray(kept)) {
  const client: Record<string, unknown> = {
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
    push: ([method, ...given]: Call) => (client[method] as typeof client.push as (...given: unknown[]) => void)(...given),
    reset,
    track,
  }
  window.segmentloom = client
  kept.forEach(client.push as (call: Call) => void)
}
