"""What we send to Google, and what the simulator understands, against Google's official messages."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.ads import datamanager_v1 as dm
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from segmentloom_sync.simulators import google_messages as messages
from segmentloom_sync.simulators.google_messages import Enum, Field, Message, MessageError
from tests.destinations.conftest import Pair, digest, member

OFFICIAL = {
    "audienceMembers:ingest": dm.IngestAudienceMembersRequest,
    "audienceMembers:remove": dm.RemoveAudienceMembersRequest,
    "userLists": dm.UserList,
}
KINDS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT64: "int64",
}


def test_every_body_we_send_is_an_official_message(google: Pair) -> None:
    destination = google.connect(login_account_id="987-654-3210")
    audience = destination.create_list("Pricing intent", ("email", "phone"))
    destination.push(audience, "add", [member("ann", "+1650"), member("bob")])
    destination.push(audience, "remove", [member("ann", "+1650")])
    google.connect(consent="denied").push(audience, "add", [member("eve")])
    bodies = [
        (request.path.rpartition("/")[2], request.body)
        for request, _ in google.simulator.requests
        if request.method == "POST" and request.path != "/token"
    ]
    assert [name for name, _ in bodies] == [
        "userLists",
        "audienceMembers:ingest",
        "audienceMembers:remove",
        "audienceMembers:ingest",
    ]
    for name, body in bodies:
        message = json_format.Parse(body, OFFICIAL[name].pb()())
        assert message.ByteSize() > 0
    ingest = json_format.Parse(bodies[1][1], dm.IngestAudienceMembersRequest.pb()())
    ann = ingest.audience_members[0]
    assert [one.WhichOneof("identifier") for one in ann.composite_data.user_data.user_identifiers] == [
        "email_address",
        "phone_number",
    ]
    assert ann.consent.ad_personalization == dm.ConsentStatus.CONSENT_GRANTED
    assert ingest.terms_of_service.customer_match_terms_of_service_status == 1
    assert ingest.encoding == dm.Encoding.HEX
    assert ingest.destinations[0].login_account.account_id == "9876543210"
    assert b"consent" not in bodies[2][1]


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        (messages.INGEST, dm.IngestAudienceMembersRequest),
        (messages.REMOVE, dm.RemoveAudienceMembersRequest),
        (messages.REMOVE_ALL, dm.RemoveAllAudienceMembersRequest),
        (messages.USER_LIST, dm.UserList),
    ],
)
def test_the_simulators_messages_are_part_of_the_official_ones(ours: Message, official: Any) -> None:
    compare(ours, official.pb()().DESCRIPTOR)


def compare(ours: Message, official: Descriptor) -> None:
    fields = {field.json_name: field for field in official.fields}
    for name, field in ours.items():
        where = f"{official.full_name}.{name}"
        assert name in fields, where
        theirs = fields[name]
        assert field.repeated == theirs.is_repeated, where
        oneof = theirs.containing_oneof
        is_choice = oneof is not None and len(oneof.fields) > 1
        assert field.oneof == (oneof.name if oneof and is_choice else None), where
        compare_kind(field, theirs, where)


def compare_kind(field: Field, theirs: FieldDescriptor, where: str) -> None:
    if isinstance(field.kind, Enum):
        assert theirs.enum_type is not None, where
        assert dict(field.kind.numbers) == {value.name: value.number for value in theirs.enum_type.values}, (
            where
        )
    elif not isinstance(field.kind, str):
        assert theirs.message_type is not None, where
        compare(field.kind, theirs.message_type)
    elif field.kind in ("timestamp", "duration"):
        assert theirs.message_type is not None, where
        assert theirs.message_type.full_name == f"google.protobuf.{field.kind.title()}", where
    else:
        assert KINDS[theirs.type] == field.kind, where


BODY: dict[str, Any] = {
    "destinations": [
        {"operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "1"}, "productDestinationId": "2"}
    ],
    "audienceMembers": [{"userData": {"userIdentifiers": [{"emailAddress": digest("ann")}]}}],
    "encoding": "HEX",
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"encoding": 1},
        {"validate_only": True},
        {
            "audience_members": [{"user_data": {"user_identifiers": [{"email_address": "x"}]}}],
            "audienceMembers": None,
        },
        {"termsOfService": "ACCEPTED"},
        {"encoding": "hex"},
        {"consent": {"adUserData": "GRANTED"}},
        {"consent": {"adUserData": "CONSENT_GRANTED"}},
        {"hashed": 1},
        {"audienceMembers": [{"userData": {"userIdentifiers": [{"hashedEmail": "x"}]}}]},
        {"audienceMembers": [{"userData": {"userIdentifiers": [{"emailAddress": "x", "phoneNumber": "y"}]}}]},
        {"audienceMembers": [{"userData": {}, "compositeData": {}}]},
        {"audienceMembers": {"userData": {}}},
        {"audienceMembers": [{"userData": {"userIdentifiers": [{"address": {"givenName": "x"}}]}}]},
        {"destinations": [{"productDestinationId": 2}]},
        {"destinations": [{"operatingAccount": {"accountId": 1}}]},
        {"validateOnly": "true"},
        {"encoding": None},
    ],
)
def test_the_simulator_reads_json_as_strictly_as_google(change: dict[str, Any]) -> None:
    body = {**BODY, **change}
    try:
        json_format.ParseDict(body, dm.IngestAudienceMembersRequest.pb()())
        official = True
    except json_format.ParseError:
        official = False
    try:
        messages.parse(messages.INGEST, body)
        ours = True
    except MessageError:
        ours = False
    assert ours == official


def test_every_answer_of_the_simulator_is_an_official_message(google: Pair) -> None:
    audience = google.new_list()
    receipt = google.destination.push(audience, "add", [member(str(number)) for number in range(200)])
    google.clock.advance(3600)

    def get(path: str) -> str:
        headers = {"Authorization": "Bearer simulator-token"}
        return requests.get(f"{google.simulator.base_url}/v1/{path}", headers=headers, timeout=5).text

    json_format.Parse(
        get(f"requestStatus:retrieve?requestId={receipt.request_id}"), dm.RetrieveRequestStatusResponse.pb()()
    )
    lists = "accountTypes/GOOGLE_ADS/accounts/1234567890/userLists"
    json_format.Parse(get(lists), dm.ListUserListsResponse.pb()())
    json_format.Parse(get(f"{lists}/{audience.id}"), dm.UserList.pb()())
