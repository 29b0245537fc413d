/** Clicks on links and buttons, or on what a selector finds; never inside `data-no-track`, never what was typed. */

import type { Properties } from './types'

const CLICKABLE = 'a,button,[role=button],[type=submit],[data-track]'
const LONGEST_TEXT = 80

export const followClicks = (
  wanted: true | string,
  onClick: (event: string, properties: Properties) => void,
) =>
  addEventListener(
    'click',
    ({ target }) => {
      const element = (target as Element).closest<HTMLAnchorElement>(wanted === true ? CLICKABLE : wanted)
      if (element && !element.closest('[data-no-track]'))
        onClick(element.dataset.track || 'Element Clicked', {
          tag: element.localName,
          id: element.id,
          text: element.textContent!.trim().slice(0, LONGEST_TEXT),
          href: element.href,
        })
    },
    true,
  )
