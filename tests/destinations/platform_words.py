"""What the conformance suite has to know of each platform, to script a fault or to put a list there."""

from __future__ import annotations

from segmentloom_sync.simulators.faults import Fault

CREATES = {
    "google_ads": "userLists",
    "meta": "customaudiences",
    "linkedin": "dmpSegments",
    "tiktok": "segment/audience",
    "webhook": "/hooks",
    "acme_ads": "/lists",
}
FINDS = {"webhook": "POST"}
"""The method of a look-up where it is not GET."""
USERS = {
    "google_ads": "audienceMembers",
    "meta": "/users",
    "linkedin": "/users",
    "tiktok": "segment/mapping",
    "webhook": "/hooks",
    "acme_ads": "/members",
}
USAGE = '{"1": [{"type": "custom_audience", "estimated_time_to_regain_access": 3}]}'
BUSY = {
    "google_ads": Fault(kind="status", status=429, headers={"Retry-After": "17"}),
    "meta": Fault(kind="status", status=400, code=80003, headers={"X-Business-Use-Case-Usage": USAGE}),
    "linkedin": Fault(kind="status", status=429),
    "tiktok": Fault(kind="status", status=200, code=40100),
    "webhook": Fault(kind="status", status=429, headers={"Retry-After": "17"}),
    "acme_ads": Fault(kind="status", status=429, headers={"Retry-After": "17"}),
}
BUSY_SECONDS = {"google_ads": 17, "meta": 180, "linkedin": 60, "tiktok": 60, "webhook": 17, "acme_ads": 17}
_LATER = {"Retry-After": "7"}
PASSING = {
    "google_ads": [Fault(kind="status", status=status, headers=_LATER) for status in (429, 503, 504)],
    "meta": [
        *[Fault(kind="status", status=status, code=2, headers=_LATER) for status in (400, 500, 503)],
        Fault(kind="status", status=503, code=999, headers=_LATER),
        Fault(kind="status", status=400, code=17, headers=_LATER),
    ],
    "linkedin": [Fault(kind="status", status=status, headers=_LATER) for status in (408, 409, 423, 429, 503)],
    "tiktok": [Fault(kind="status", status=200, code=code, headers=_LATER) for code in (40100, 40202, 50000)],
    "webhook": [Fault(kind="status", status=status, headers=_LATER) for status in (409, 429, 503)],
    "acme_ads": [Fault(kind="status", status=status, headers=_LATER) for status in (429, 503)],
}
"""What passes, in the platform's own words, with how long it asks to be left alone."""
_NOT_VISIBLE = '{"error": {"message": "Missing permissions.", "code": 100, "error_subcode": 33}}'
NOT_PERMITTED = {
    "google_ads": Fault(kind="status", status=403),
    "meta": Fault(kind="status", status=400, body=_NOT_VISIBLE),
    "linkedin": Fault(kind="status", status=403),
    "tiktok": Fault(kind="status", status=200, code=40001),
    "webhook": Fault(kind="status", status=403),
    "acme_ads": Fault(kind="status", status=403),
}
"""The account or the list is closed to the credentials."""
OWNERS = {
    "meta": "act_1029384756",
    "linkedin": "urn:li:sponsoredAccount:512345678",
    "tiktok": "7000000000001",
}
"""The account of a list, where it is not the default one."""
