/** Does what a browser may refuse, or what others may have damaged the text for; then it gives nothing. */
export const attempt = <T>(action: () => T): T | void => {
  try {
    return action()
  } catch {}
}
