// @rudderstack/rudder-sdk-node as its users have it. usage: rudder_node.mjs HOST KEY CALLS
import RudderAnalytics from "@rudderstack/rudder-sdk-node"

const [dataPlaneUrl, writeKey, calls] = process.argv.slice(2)
const analytics = new RudderAnalytics(writeKey, { dataPlaneUrl, retryCount: 30 })
for (let number = 0; number < Number(calls); number++) {
  analytics.track({ userId: `user-${number % 7}`, event: "Ordered", properties: { number } })
}
await analytics.flush()
