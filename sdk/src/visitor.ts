/** Who the visitor is and which visit this is. Storage is the only memory: another tab may have changed it. */

import { options } from './options'
import { forget, persist, recall } from './persisted'
import { randomId } from './random_id'

const ANONYMOUS = 'sgl_aid'
const USER = 'sgl_uid'
const SESSION = 'sgl_ses'

/** Written back each time, so that a cookie lives on while its visitor comes. */
const kept = (key: string, value = recall(key)) => {
  if (value) {
    persist(key, value)
    return value
  }
  return
}

export const anonymousId = () => kept(ANONYMOUS, recall(ANONYMOUS) || randomId())!

export const userId = () => kept(USER)

/** Another person on the same device gets an anonymous id of its own. */
export const becomeUser = (id: string | number) => {
  const before = recall(USER)
  if (before && before != id) forgetVisitor()
  persist(USER, '' + id)
}

export const forgetVisitor = () => forget(/sgl_(aid|uid|ses)/g)

/** The session's id is the millisecond it began; it ends after a pause. */
export const session = () => {
  const now = Date.now()
  const [begun, last] = recall(SESSION).split('.')
  const id = now - +last! < (options.sessionMinutes || 30) * 6e4 ? begun! : '' + now
  persist(SESSION, id + '.' + now)
  return { id }
}
