// @segment/analytics-node as its users have it. usage: segment_node.mjs HOST KEY CALLS
import { Analytics } from "@segment/analytics-node"

const [host, writeKey, calls] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, maxRetries: 30 })
const refused = []
analytics.on("error", error => refused.push(error))
for (let number = 0; number < Number(calls); number++) {
  analytics.track({ userId: `user-${number % 7}`, event: "Ordered", properties: { number } })
}
await analytics.closeAndFlush()
if (refused.length) throw new Error(`${refused.length} calls were given up: ${refused[0].reason}`)
