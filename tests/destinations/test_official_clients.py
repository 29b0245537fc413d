"""The platforms' own clients work against our simulators, so these are not merely what our clients expect."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.destinations.conftest import Pair, digest

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


class TestTikTok:
    """tiktok-business-api-sdk-official, whose package is business_api_client.

    It has methods for the look-ups only; the segment endpoints are called through its transport, which reads
    the envelope of every answer.
    """

    @pytest.fixture
    def client(self, tiktok: Pair) -> Iterator[Any]:
        from business_api_client.api_client import ApiClient
        from business_api_client.configuration import Configuration

        configuration = Configuration()
        configuration.host = tiktok.simulator.base_url
        made = ApiClient(configuration)
        yield made
        made.rest_client.pool_manager.clear()

    @pytest.fixture
    def audiences(self, client: Any) -> Any:
        from business_api_client.api.audience_api import AudienceApi

        return AudienceApi(client)

    def post(self, client: Any, path: str, **body: Any) -> Any:
        """A call of an endpoint for which it has no method, made as its methods make theirs."""
        return client.call_api(
            f"/open_api/v1.3/{path}/",
            "POST",
            header_params={"Access-Token": "simulator-token", "Content-Type": "application/json"},
            body=body,
            response_type="InlineResponse200",
            _return_http_data_only=True,
        )

    def test_it_fills_empties_and_finds_a_list(self, tiktok: Pair, client: Any, audiences: Any) -> None:
        advertiser = str(tiktok.simulator.settings()["advertiser_id"])
        created = self.post(
            client,
            "segment/audience",
            advertiser_id=advertiser,
            action="create",
            custom_audience_name="Theirs",
        )["data"]["audience_id"]
        answer = audiences.dmp_custom_audience_list(advertiser, "simulator-token", page=1, page_size=100)
        listed = answer["data"]
        assert [(entry["audience_id"], entry["name"]) for entry in listed["list"]] == [(created, "Theirs")]
        assert listed["page_info"]["total_number"] == 1
        mapping = {
            "advertiser_ids": [advertiser],
            "id_schema": ["EMAIL_SHA256", "PHONE_SHA256"],
            "batch_data": [
                [{"id": ANN, "audience_ids": [created]}, {}],
                [{}, {"id": BOB, "audience_ids": [created]}],
            ],
        }
        self.post(client, "segment/mapping", action="add", **mapping)
        assert tiktok.simulator.members(created) == {("email", ANN), ("phone", BOB)}
        mapping["batch_data"] = mapping["batch_data"][:1]
        self.post(client, "segment/mapping", action="delete", **mapping)
        assert tiktok.simulator.members(created) == {("phone", BOB)}
        tiktok.clock.advance(48 * 3600)
        details = audiences.dmp_custom_audience_get(advertiser, [created], "simulator-token")["data"]
        (found,) = details["list"]
        assert found["audience_details"]["cover_num"] == tiktok.simulator.matching.knows(BOB)
        body = {"advertiser_id": advertiser, "custom_audience_ids": [created]}
        audiences.dmp_custom_audience_delete("simulator-token", body=body)
        assert audiences.dmp_custom_audience_list(advertiser, "simulator-token")["data"]["list"] == []

    def test_it_understands_the_errors(self, tiktok: Pair, client: Any, audiences: Any) -> None:
        from business_api_client.tiktok_business.tiktok_code import NumericErrorCodes as Codes
        from business_api_client.tiktok_business.tiktok_exceptions import TiktokSDKError

        advertiser = str(tiktok.simulator.settings()["advertiser_id"])

        def code(call: Any) -> int:
            with pytest.raises(TiktokSDKError, match=r"^Error Code: \d+, message: ") as caught:
                call()
            return int(str(caught.value).split(",")[0].removeprefix("Error Code: "))

        def unhashed() -> None:
            row = [{"id": "ann@example.com", "audience_ids": ["1"]}]
            body = {"advertiser_ids": [advertiser], "id_schema": ["EMAIL_SHA256"], "batch_data": [row]}
            self.post(client, "segment/mapping", action="add", **body)

        assert code(unhashed) == Codes.ERROR_CODE_PII_NOT_HASHED
        stranger = lambda: audiences.dmp_custom_audience_list(advertiser, "other")  # noqa: E731
        assert code(stranger) == Codes.ERROR_CODE_INVALID_ACCESS_TOKEN
        foreign = lambda: audiences.dmp_custom_audience_list("1", "simulator-token")  # noqa: E731
        assert code(foreign) == Codes.ERROR_CODE_PERMISSION_ERROR
        tiktok.simulator.calls.limit = 0  # type: ignore[attr-defined]  # of TikTok's simulator only
        busy = lambda: audiences.dmp_custom_audience_list(advertiser, "simulator-token")  # noqa: E731
        assert code(busy) == Codes.ERROR_CODE_REQUEST_TOO_FREQUENT
