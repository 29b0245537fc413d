/** The page as the visitor sees it, and its changes without a load. */

let before: string | undefined

export const currentPage = () => ({
  url: location.href,
  path: location.pathname,
  search: location.search,
  title: document.title,
  referrer: before ?? document.referrer,
})

export type Page = ReturnType<typeof currentPage>

/** Calls back with each page, the first included, once its title has been set. */
export const followPages = (onPage: (page: Page) => void) => {
  let here = ''
  const moved = () => {
    if (location.href == here) return
    if (here) before = here
    here = location.href
    const page = currentPage()
    setTimeout(() => onPage({ ...page, title: document.title }))
  }
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name]
    history[name] = (...given) => {
      original.apply(history, given)
      moved()
    }
  }
  addEventListener('popstate', moved)
  addEventListener('hashchange', moved)
  moved()
}
