"""TikTok's own client works against our simulator, as those of the other platforms do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.destinations.conftest import Pair, digest

ANN, BOB = digest("ann"), digest("bob")


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
        mapping: dict[str, Any] = {
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

        def code(call: Callable[..., Any], *arguments: Any) -> int:
            with pytest.raises(TiktokSDKError, match=r"^Error Code: \d+, message: ") as caught:
                call(*arguments)
            return int(str(caught.value).split(",")[0].removeprefix("Error Code: "))

        def unhashed() -> None:
            row = [{"id": "ann@example.com", "audience_ids": ["1"]}]
            body = {"advertiser_ids": [advertiser], "id_schema": ["EMAIL_SHA256"], "batch_data": [row]}
            self.post(client, "segment/mapping", action="add", **body)

        assert code(unhashed) == Codes.ERROR_CODE_PII_NOT_HASHED
        of_lists = audiences.dmp_custom_audience_list
        assert code(of_lists, advertiser, "other") == Codes.ERROR_CODE_INVALID_ACCESS_TOKEN
        assert code(of_lists, "1", "simulator-token") == Codes.ERROR_CODE_PERMISSION_ERROR
        tiktok.simulator.calls.limit = 0  # type: ignore[attr-defined]  # of TikTok's simulator only
        assert code(of_lists, advertiser, "simulator-token") == Codes.ERROR_CODE_REQUEST_TOO_FREQUENT
