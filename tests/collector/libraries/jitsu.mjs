// @jitsu/js as its users have it on a server. usage: jitsu.mjs HOST KEY CALLS
import { jitsuAnalytics } from "@jitsu/js"

const [host, key, calls] = process.argv.slice(2)
const analytics = jitsuAnalytics({ host, writeKey: `${key}:x`, s2s: true, errorPolicy: "rethrow" })
await analytics.identify("user-1")
for (let number = 0; number < Number(calls); number++) await analytics.track("Ordered", { number })
