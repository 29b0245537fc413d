"""rudder-sdk-python as its users have it. usage: rudder_python.py HOST KEY CALLS"""

import sys

import rudderstack.analytics as analytics

analytics.dataPlaneUrl, analytics.write_key = sys.argv[1:3]
analytics.max_retries = 30
for number in range(int(sys.argv[3])):
    analytics.track(f"user-{number % 7}", "Ordered", {"number": number})
    if number % 20 == 0:
        analytics.flush()
analytics.flush()
analytics.join()
