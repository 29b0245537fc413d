"""The platforms' own clients work against our simulators, so these are not merely what our clients expect."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.destinations.conftest import Pair, digest, member

ANN, BOB = digest("ann"), digest("bob")


class TestGoogle:
    """google-ads-datamanager."""

    @pytest.fixture
    def clients(self, google: Pair) -> tuple[Any, Any]:
        from google.ads import datamanager_v1 as dm
        from google.ads.datamanager_v1.services.ingestion_service.transports import (
            IngestionServiceRestTransport,
        )
        from google.ads.datamanager_v1.services.user_list_service.transports import (
            UserListServiceRestTransport,
        )
        from google.oauth2.credentials import Credentials

        options = {
            "host": google.simulator.base_url.removeprefix("http://"),
            "url_scheme": "http",
            "credentials": Credentials(token="simulator-token"),
        }
        return (
            dm.IngestionServiceClient(transport=IngestionServiceRestTransport(**options)),
            dm.UserListServiceClient(transport=UserListServiceRestTransport(**options)),
        )

    def test_it_fills_empties_and_watches_a_list(self, google: Pair, clients: tuple[Any, Any]) -> None:
        from google.ads import datamanager_v1 as dm
        from google.protobuf import duration_pb2

        ingestion, lists = clients
        parent = "accountTypes/GOOGLE_ADS/accounts/1234567890"
        created = lists.create_user_list(
            parent=parent,
            user_list=dm.UserList(
                display_name="By the official client",
                membership_duration=duration_pb2.Duration(seconds=540 * 86_400),
                ingested_user_list_info=dm.IngestedUserListInfo(
                    upload_key_types=["CONTACT_ID"],
                    contact_id_info=dm.ContactIdInfo(data_source_type="DATA_SOURCE_TYPE_FIRST_PARTY"),
                ),
            ),
        )
        assert [entry.id for entry in lists.list_user_lists(parent=parent)] == [created.id]
        destination = dm.Destination(
            operating_account=dm.ProductAccount(account_type="GOOGLE_ADS", account_id="1234567890"),
            product_destination_id=str(created.id),
        )
        people = [
            dm.AudienceMember(
                user_data=dm.UserData(user_identifiers=[dm.UserIdentifier(email_address=value)])
            )
            for value in (ANN, BOB)
        ]
        consent = dm.Consent(ad_user_data="CONSENT_GRANTED", ad_personalization="CONSENT_GRANTED")
        added = ingestion.ingest_audience_members(
            request=dm.IngestAudienceMembersRequest(
                destinations=[destination],
                audience_members=people,
                consent=consent,
                encoding="HEX",
                terms_of_service=dm.TermsOfService(customer_match_terms_of_service_status="ACCEPTED"),
            )
        )
        assert google.simulator.members(str(created.id)) == {("email", ANN), ("email", BOB)}
        status = ingestion.retrieve_request_status(request={"request_id": added.request_id})
        assert status.request_status_per_destination[0].request_status.name == "PROCESSING"
        google.clock.advance(1_000)
        status = ingestion.retrieve_request_status(request={"request_id": added.request_id})
        assert status.request_status_per_destination[0].request_status.name == "SUCCESS"
        ingestion.remove_audience_members(
            request=dm.RemoveAudienceMembersRequest(
                destinations=[destination], audience_members=people[:1], encoding="HEX"
            )
        )
        assert google.simulator.members(str(created.id)) == {("email", BOB)}
        google.clock.advance(1)
        ingestion.remove_all_audience_members(
            request=dm.RemoveAllAudienceMembersRequest(destinations=[destination])
        )
        assert google.simulator.members(str(created.id)) == set()

    def test_it_removes_whoever_was_added_before_a_moment(
        self, google: Pair, clients: tuple[Any, Any]
    ) -> None:
        from google.ads import datamanager_v1 as dm
        from google.api_core import exceptions

        ingestion, _ = clients
        audience = google.new_list()
        google.destination.push(audience, "add", [member("ann"), member("bob")])
        google.clock.advance(60)
        moment = google.clock.now()
        google.destination.push(audience, "add", [member("bob")])
        google.clock.advance(60)
        destination = dm.Destination(
            operating_account=dm.ProductAccount(account_type="GOOGLE_ADS", account_id="1234567890"),
            product_destination_id=audience.id,
        )

        def remove(moment: datetime, **options: bool) -> str:
            request = dm.RemoveAllAudienceMembersRequest(
                destinations=[destination], remove_as_of_time=moment, **options
            )
            return str(ingestion.remove_all_audience_members(request=request).request_id)

        assert remove(moment, validate_only=True) == ""
        for options in ({}, {"validate_only": True}):
            with pytest.raises(exceptions.BadRequest) as caught:
                remove(google.clock.now() + timedelta(seconds=1), **options)
            violations = [one for detail in caught.value.details for one in detail.get("fieldViolations", [])]
            assert [violation["reason"] for violation in violations] == ["INVALID_REMOVE_AS_OF_TIME"]
        assert google.holds(audience) == {("email", ANN), ("email", BOB)}
        request_id = remove(moment)
        assert google.holds(audience) == {("email", BOB)}
        for seconds, state, is_told in ((0, "PROCESSING", False), (1_000, "SUCCESS", True)):
            google.clock.advance(seconds)
            [status] = ingestion.retrieve_request_status(
                request={"request_id": request_id}
            ).request_status_per_destination
            assert status.request_status.name == state
            assert ("remove_all_audience_members_status" in status) == is_told

    def test_it_understands_the_errors(self, google: Pair, clients: tuple[Any, Any]) -> None:
        from google.ads import datamanager_v1 as dm
        from google.api_core import exceptions
        from google.auth.exceptions import RefreshError

        ingestion, _ = clients
        with pytest.raises(exceptions.BadRequest) as caught:
            ingestion.retrieve_request_status(request={"request_id": "unknown"})
        assert caught.value.reason == "INVALID_ARGUMENT"
        with pytest.raises(exceptions.BadRequest) as caught:
            ingestion.ingest_audience_members(request=dm.IngestAudienceMembersRequest())
        violations = [one for detail in caught.value.details for one in detail.get("fieldViolations", [])]
        assert {violation["reason"] for violation in violations} == {"REQUIRED_FIELD_MISSING"}
        google.simulator.revoke()
        with pytest.raises(RefreshError):  # it tries to renew the token that was refused
            ingestion.retrieve_request_status(request={"request_id": "unknown"})


class TestMeta:
    """facebook-business."""

    @pytest.fixture
    def api(self, meta: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from facebook_business.api import FacebookAdsApi, FacebookSession
        monkeypatch.setattr(FacebookSession, "GRAPH", meta.simulator.base_url)
        yield FacebookAdsApi.init("app", "secret", "simulator-token", crash_log=False)
        FacebookAdsApi.set_default_api(None)

    def test_it_fills_and_empties_a_list(self, meta: Pair, api: Any) -> None:
        from facebook_business.adobjects.adaccount import AdAccount
        from facebook_business.adobjects.customaudience import CustomAudience

        account = AdAccount("act_1029384756", api=api)
        created = account.create_custom_audience(
            params={"name": "Theirs", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        )
        assert [entry["name"] for entry in account.get_custom_audiences(fields=["name"])] == ["Theirs"]
        audience = CustomAudience(created["id"], api=api)
        answer = audience.add_users(CustomAudience.Schema.email_hash, ["ann", "bob"]).json()
        assert (answer["num_received"], answer["num_invalid_entries"]) == (2, 0)
        assert meta.simulator.members(created["id"]) == {("email", ANN), ("email", BOB)}
        audience.remove_users(CustomAudience.Schema.email_hash, [ANN], pre_hashed=True)
        assert meta.simulator.members(created["id"]) == {("email", BOB)}
        session = {"session_id": 7, "batch_seq": 1, "last_batch_flag": True, "estimated_num_total": 1}
        payload = {"schema": ["EMAIL"], "data": [[ANN]]}
        audience.create_users_replace(params={"payload": payload, "session": session})
        assert meta.simulator.members(created["id"]) == {("email", ANN)}
        assert [row["num_received"] for row in audience.get_sessions(params={"session_id": 7})] == ["1"]
        assert (
            audience.api_get(fields=["approximate_count_lower_bound"])["approximate_count_lower_bound"] == -1
        )

    def test_it_understands_the_errors(self, meta: Pair, api: Any) -> None:
        from facebook_business.adobjects.customaudience import CustomAudience
        from facebook_business.exceptions import FacebookRequestError

        with pytest.raises(FacebookRequestError) as caught:
            CustomAudience("1", api=api).add_users(CustomAudience.Schema.email_hash, ["ann"])
        assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (100, 33)
        created = meta.new_list()
        # The client puts the payload of a removal into the address, which the platform limits; it takes any
        # answer without JSON for a success.
        many = [digest(str(number)) for number in range(300)]
        answer = CustomAudience(created.id, api=api).remove_users(
            CustomAudience.Schema.email_hash, many, pre_hashed=True
        )
        assert answer.status() == 414
        meta.simulator.calls.limit = 0  # type: ignore[attr-defined]  # only Meta's simulator counts calls
        with pytest.raises(FacebookRequestError) as caught:
            CustomAudience(created.id, api=api).add_users(CustomAudience.Schema.email_hash, ["ann"])
        assert caught.value.api_error_code() == 80003
        assert caught.value.api_transient_error()


class TestLinkedIn:
    """linkedin-api-client."""

    @pytest.fixture
    def client(self, linkedin: Pair, monkeypatch: pytest.MonkeyPatch) -> Any:
        from linkedin_api.clients.restli.client import RestliClient
        from linkedin_api.common import constants

        monkeypatch.setattr(constants, "VERSIONED_BASE_URL", f"{linkedin.simulator.base_url}/rest")
        return RestliClient()

    def test_it_fills_and_empties_a_list(self, linkedin: Pair, client: Any) -> None:
        access = {"access_token": "simulator-token", "version_string": "202608"}
        account = "urn:li:sponsoredAccount:512345678"
        created = client.create(
            resource_path="/dmpSegments",
            entity={
                "name": "Theirs",
                "account": account,
                "type": "USER",
                "destinations": [{"destination": "LINKEDIN"}],
            },
            **access,
        )
        assert created.status_code == 201
        found = client.finder(
            resource_path="/dmpSegments", finder_name="account", query_params={"account": account}, **access
        )
        assert [str(entry["id"]) for entry in found.elements] == [created.entity_id]

        def change(action: str, *values: str) -> list[int]:
            entities = [
                {"action": action, "userIds": [{"idType": "SHA256_EMAIL", "idValue": value}]}
                for value in values
            ]
            answer = client.batch_create(
                resource_path="/dmpSegments/{id}/users",
                path_keys={"id": int(created.entity_id)},
                entities=entities,
                **access,
            )
            return [element.status for element in answer.elements]

        linkedin.clock.advance(10)
        assert change("ADD", ANN, BOB, "no hash") == [201, 201, 400]
        assert change("REMOVE", ANN) == [201]
        assert linkedin.simulator.members(created.entity_id) == {("email", BOB)}

    def test_it_understands_the_errors(self, linkedin: Pair, client: Any) -> None:
        call = {"resource_path": "/dmpSegments/{id}", "path_keys": {"id": 1}}
        gone = client.get(access_token="simulator-token", version_string="202608", **call)
        assert gone.status_code == 404
        retired = client.get(access_token="simulator-token", version_string="202501", **call)
        assert retired.status_code == 426
        stranger = client.get(access_token="other", version_string="202608", **call)
        assert stranger.status_code == 401
