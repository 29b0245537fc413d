"""What every destination must do, proven against the simulator of its platform."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmentloom_sync.destinations.base import AudienceList, Identifier, Member
from segmentloom_sync.destinations.http import Timeouts
from segmentloom_sync.destinations.list_state import ReportsListState
from segmentloom_sync.destinations.marks import DescribesLists
from segmentloom_sync.destinations.replaces_members import ReplacesMembers
from segmentloom_sync.errors import (
    ConfigError,
    CredentialsError,
    DestinationMissing,
    Rejected,
    Unavailable,
)
from segmentloom_sync.simulators.faults import Fault
from segmentloom_sync.sync.reconcile import bounds
from tests.destinations.conftest import Pair, digest, keys, member
from tests.destinations.platform_words import (
    BUSY,
    BUSY_SECONDS,
    CREATES,
    FINDS,
    NOT_PERMITTED,
    OWNERS,
    PASSING,
    USERS,
)


def test_a_list_is_found_after_it_was_created_and_not_before(pair: Pair) -> None:
    name = 'Pricing "intent" \\ é 10%'
    assert pair.destination.find_list(name) is None
    created = pair.destination.create_list(name, ("email", "phone"))
    assert created.name == name
    assert pair.destination.find_list(name) == created
    assert pair.destination.find_list(name[:-1]) is None


def test_a_description_is_kept_beside_all_else(pair: Pair) -> None:
    """Where a platform keeps one: the runner marks with it whose the list is."""
    audience = pair.new_list()
    if not isinstance(pair.destination, DescribesLists):
        assert pair.simulator.name not in ("google_ads", "meta")
        return
    ann = member("ann")
    pair.destination.push(audience, "add", [ann])
    for text in ("Ours [segmentloom target=prod environment=0a1b]", "Ours"):
        pair.destination.describe(audience, text)
        assert pair.destination.description(audience) == text
    assert pair.destination.find_list(audience.name) == audience
    assert pair.holds(audience) == keys(ann)
    pair.simulator.lists.delete(audience.id)
    for call in (
        lambda: pair.destination.description(audience),
        lambda: pair.destination.describe(audience, "gone"),
    ):
        with pytest.raises(DestinationMissing):
            call()


def test_a_list_is_described_as_the_platform_has_it(pair: Pair) -> None:
    """Where a platform describes lists: `run --reconcile` compares with it."""
    audience = pair.new_list()
    pair.destination.push(audience, "add", [member(f"person {number}") for number in range(500)])
    pair.clock.advance(timedelta(days=3).total_seconds())
    if not isinstance(pair.destination, ReportsListState):
        assert pair.simulator.name not in ("google_ads", "meta", "linkedin", "tiktok")
        return
    state = pair.destination.list_state(audience)
    assert state.condition == "good"
    assert state.status is not None
    if state.is_size_readable:
        held = pair.simulator.lists.get(audience.id)
        assert held is not None
        matched = pair.simulator.matching.count(held.members)
        found = bounds(state.size)
        assert found is not None
        assert found[0] <= matched <= found[1]
        assert 200 < matched < 400
    else:
        assert pair.simulator.name == "linkedin"
    pair.simulator.lists.delete(audience.id)
    with pytest.raises(DestinationMissing):
        pair.destination.list_state(audience)


def test_whoever_was_added_before_a_moment_is_removed(pair: Pair) -> None:
    """Where a platform can: `run --replace` has it done."""
    destination, audience = pair.destination, pair.new_list()
    if not isinstance(destination, ReplacesMembers):
        assert pair.simulator.name != "google_ads"
        return
    before, renewed, after = member("before"), member("renewed"), member("after")
    destination.push(audience, "add", [before, renewed])
    pair.clock.advance(60)
    moment = pair.clock.now()
    destination.push(audience, "add", [renewed, after])
    destination.check_remove_all(audience, moment)
    assert pair.holds(audience) == keys(before, renewed, after)
    for _ in range(2):
        request_id = destination.remove_all(audience, moment)
        assert pair.holds(audience) == keys(renewed, after)
        if request_id is not None:
            assert destination.request_status(request_id).state == "processing"
            pair.clock.advance(timedelta(days=1).total_seconds())
            assert destination.request_status(request_id).state == "succeeded"
    future = pair.clock.now() + timedelta(seconds=1)
    for call in (destination.check_remove_all, destination.remove_all):
        with pytest.raises(ConfigError, match="future"):
            call(audience, future)
    assert pair.holds(audience) == keys(renewed, after)
    pair.simulator.lists.delete(audience.id)
    for call in (destination.check_remove_all, destination.remove_all):
        with pytest.raises(DestinationMissing):
            call(audience, moment)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_removal_of_all_whose_answer_is_lost_is_unknown(pair: Pair, when: str) -> None:
    destination, audience = pair.destination, pair.new_list()
    if not isinstance(destination, ReplacesMembers):
        return
    destination.push(audience, "add", [member("ann")])
    pair.clock.advance(1)
    pair.simulator.faults.add(Fault.model_validate({"kind": "reset", "when": when}))
    with pytest.raises(Unavailable) as caught:
        destination.remove_all(audience, pair.clock.now())
    assert caught.value.applied_unknown
    assert pair.holds(audience) == (keys(member("ann")) if when == "before" else set())


def test_a_list_is_found_beyond_the_first_page(pair: Pair) -> None:
    entries = pair.simulator.lists
    details = {"type": "USER", "sourcePlatform": "SEGMENTLOOM"} if pair.simulator.name == "linkedin" else {}
    for number in range(1_200):
        owner = OWNERS.get(pair.simulator.name, "1234567890")
        entries.create(f"list {number}", owner, pair.clock.now(), details)
    found = pair.destination.find_list("list 1199")
    assert found is not None
    assert found.id == pair.simulator.list_id("list 1199")


def test_members_are_added_and_removed(pair: Pair) -> None:
    audience = pair.new_list()
    ann, bob = member("ann"), member("bob")
    receipt = pair.destination.push(audience, "add", [ann, bob])
    assert not receipt.rejected
    assert not receipt.unknown
    assert receipt.unnamed_rejections == 0
    assert pair.holds(audience) == keys(ann, bob)
    pair.destination.push(audience, "remove", [ann])
    assert pair.holds(audience) == keys(bob)


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "part"])
def test_what_an_accepted_request_fails_at_later_is_told(pair: Pair, is_whole: bool) -> None:
    """Where a platform answers later: here it refuses whose consent nobody states."""
    audience = pair.new_list()
    bob, eve = (Member(member(name).identifiers) for name in ("bob", "eve"))
    taken = [] if is_whole else [member("ann")]
    receipt = pair.destination.push(audience, "add", [*taken, bob, eve])
    if not receipt.is_pending:
        assert pair.simulator.name != "google_ads"
        assert not receipt.rejected
        assert pair.holds(audience) == keys(*taken, bob, eve)
        return
    assert receipt.request_id
    assert not receipt.rejected
    assert pair.destination.request_status(receipt.request_id).state == "processing"
    pair.clock.advance(timedelta(days=1).total_seconds())
    for _ in range(2):
        status = pair.destination.request_status(receipt.request_id)
        assert status.state == ("failed" if is_whole else "partial")
        assert status.failed_count == sum(status.reasons.values()) == 2
        assert not status.is_passing
        assert not status.is_unexplained
    told = " ".join(status.reasons)
    assert not any(value in told for _, value in keys(bob, eve))
    assert pair.holds(audience) == keys(*taken)


def test_repeats_change_nothing(pair: Pair) -> None:
    audience = pair.new_list()
    ann = member("ann")
    for _ in range(2):
        pair.destination.push(audience, "add", [ann])
        assert pair.holds(audience) == keys(ann)
    for _ in range(2):
        receipt = pair.destination.push(audience, "remove", [ann])
        assert not receipt.rejected
        assert pair.holds(audience) == set()


def test_every_identifier_of_a_member_travels(pair: Pair) -> None:
    audience = pair.new_list()
    phones = ("+1650", "+1651") if "phone" in pair.destination.identifier_types else ()
    ann, bob = member("ann", *phones), member("bob")
    two = Member((*bob.identifiers, Identifier("email", digest("bob@work"))), consent="granted")
    pair.destination.push(audience, "add", [ann, two])
    assert pair.holds(audience) == keys(ann, two)
    pair.destination.push(audience, "remove", [Member(ann.identifiers[:1])])
    assert pair.holds(audience) == keys(ann, two) - {("email", digest("ann"))}


def test_a_full_batch_is_taken(pair: Pair) -> None:
    audience = pair.new_list()
    members = [member(str(number)) for number in range(pair.destination.batch_size)]
    receipt = pair.destination.push(audience, "add", members)
    assert not receipt.rejected
    assert len(pair.holds(audience)) == pair.destination.batch_size


def test_the_batch_size_cannot_exceed_the_platforms(pair: Pair) -> None:
    with pytest.raises(ValueError, match="less than or equal"):
        pair.connect(batch_size=10_001)


def test_a_malformed_member_is_named_and_the_others_go_through(pair: Pair) -> None:
    audience = pair.new_list()
    bad = Member((Identifier("email", "no hash"),), consent="granted")
    batch = [member("ann"), bad, member("bob")]
    named, reasons = push_naming(pair, audience, batch)
    assert named == {1}
    assert "no hash" not in reasons
    if pair.simulator.name == "google_ads":
        # All or nothing: what is left has to be sent again.
        pair.destination.push(audience, "add", [batch[0], batch[2]])
    assert pair.holds(audience) == keys(batch[0], batch[2])


def push_naming(pair: Pair, audience: AudienceList, batch: list[Member]) -> tuple[set[int], str]:
    """Push and tell which positions the platform named as malformed, and what it said.

    Where it names none, they are those that it refuses by themselves, which is how the runner finds them.
    """
    try:
        receipt = pair.destination.push(audience, "add", batch)
    except Rejected as refusal:
        if refusal.bad_positions or len(batch) == 1:
            return set(refusal.bad_positions or {0} if refusal.is_about_members else ()), refusal.message
        alone = [push_naming(pair, audience, [person]) for person in batch]
        return {position for position, (named, _) in enumerate(alone) if named}, str(alone)
    refused = {index for index, person in enumerate(batch) if set(person.identifiers) & set(receipt.rejected)}
    return refused, str(list(receipt.rejected.values()))


def test_a_wrong_token_is_a_matter_of_credentials_after_at_most_one_renewal(pair: Pair) -> None:
    audience = pair.new_list()
    pair.simulator.revoke()
    before = sum(pair.simulator.counts.values())
    with pytest.raises(CredentialsError):
        pair.destination.push(audience, "add", [member("ann")])
    assert sum(pair.simulator.counts.values()) - before <= 2


def test_being_busy_says_when_to_come_back(pair: Pair) -> None:
    audience = pair.new_list()
    pair.simulator.faults.add(
        BUSY[pair.simulator.name].model_copy(update={"path": USERS[pair.simulator.name]})
    )
    with pytest.raises(Unavailable) as caught:
        pair.destination.push(audience, "add", [member("ann")])
    assert caught.value.retry_after == BUSY_SECONDS[pair.simulator.name]
    assert not caught.value.applied_unknown
    pair.destination.push(audience, "add", [member("ann")])
    assert pair.holds(audience) == keys(member("ann"))


def test_whatever_passes_the_wish_to_wait_is_kept(pair: Pair) -> None:
    audience = pair.new_list()
    for fault in PASSING[pair.simulator.name]:
        pair.simulator.faults.add(fault.model_copy(update={"path": USERS[pair.simulator.name]}))
        with pytest.raises(Unavailable) as caught:
            pair.destination.push(audience, "add", [member("ann")])
        assert caught.value.retry_after == 7, fault


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_fault_may_pass(pair: Pair, status: int) -> None:
    audience = pair.new_list()
    headers = {"Retry-After": "Wed, 25 Nov 2026 12:02:10 GMT"}
    pair.simulator.faults.add(
        Fault(kind="status", status=status, headers=headers, body="<html>", path=USERS[pair.simulator.name])
    )
    with pytest.raises(Unavailable) as caught:
        pair.destination.push(audience, "add", [member("ann")])
    assert caught.value.applied_unknown
    assert caught.value.retry_after == 120


def test_a_list_that_is_gone_is_never_created_again(pair: Pair) -> None:
    audience = pair.new_list()
    pair.clock.advance(180)
    pair.simulator.faults.add(Fault(kind="list_deleted", path=USERS[pair.simulator.name]))
    for operation in ("add", "remove"):
        with pytest.raises(DestinationMissing, match="Pricing intent"):
            pair.destination.push(audience, operation, [member("ann")])
    with pytest.raises(DestinationMissing):
        pair.destination.match_rates(audience)
    assert pair.destination.find_list(audience.name) is None


@pytest.mark.parametrize("body", ["", "<html>404 Not Found</html>", '{"message": "no Route matched"}', "[]"])
def test_a_404_that_is_not_the_platforms_own_says_nothing_of_the_list(pair: Pair, body: str) -> None:
    """A proxy's, or that of a wrong base_url: a list that is there must not be taken for one that is gone."""
    audience = pair.new_list()
    pair.clock.advance(180)
    pair.simulator.faults.add(Fault(kind="status", status=404, body=body, count=4))
    for call in (
        lambda: pair.destination.push(audience, "remove", [member("ann")]),
        lambda: pair.destination.match_rates(audience),
        lambda: pair.destination.find_list(audience.name),
    ):
        with pytest.raises((ConfigError, Rejected)) as caught:
            call()
        assert "base_url" in str(caught.value.hint)
        assert not (isinstance(caught.value, Rejected) and caught.value.is_about_members)


def test_a_list_that_the_credentials_no_longer_open_is_not_said_to_be_gone(pair: Pair) -> None:
    audience = pair.new_list()
    pair.clock.advance(180)
    pair.simulator.faults.add(NOT_PERMITTED[pair.simulator.name].model_copy(update={"count": 3}))
    for call in (
        lambda: pair.destination.push(audience, "remove", [member("ann")]),
        lambda: pair.destination.match_rates(audience),
    ):
        # Meta tells no difference; then the error says so, and what the account shows has to decide.
        with pytest.raises((CredentialsError, DestinationMissing)) as caught:
            call()
        if isinstance(caught.value, DestinationMissing):
            assert pair.simulator.name == "meta"
            assert "not visible to this token" in caught.value.message
    with pytest.raises(CredentialsError):
        pair.destination.find_list(audience.name)


@pytest.mark.parametrize("fault", ["reset", "delay"])
def test_an_answer_lost_after_the_request_was_applied_is_unknown(pair: Pair, fault: str) -> None:
    audience = pair.new_list()
    ann = member("ann")
    destination = pair.destination
    destination.timeouts = Timeouts(connect=2, read=0.2, total=5)  # type: ignore[attr-defined]  # not of the interface
    pair.simulator.faults.add(
        Fault.model_validate(
            {"kind": fault, "when": "after", "seconds": 60, "path": USERS[pair.simulator.name]}
        )
    )
    with pytest.raises(Unavailable) as caught:
        destination.push(audience, "add", [ann])
    assert caught.value.applied_unknown
    assert pair.holds(audience) == keys(ann)
    destination.push(audience, "add", [ann])
    assert pair.holds(audience) == keys(ann)


def test_a_connection_broken_before_the_request_was_applied_is_unknown_too(pair: Pair) -> None:
    audience = pair.new_list()
    pair.simulator.faults.add(Fault(kind="reset", path=USERS[pair.simulator.name]))
    with pytest.raises(Unavailable) as caught:
        pair.destination.push(audience, "add", [member("ann")])
    assert caught.value.applied_unknown
    assert pair.holds(audience) == set()


@pytest.mark.parametrize("body", ["", "<html>hello</html>", "[]", "null", '{"elements": "?"}', "{}"])
def test_an_answer_that_is_none_never_counts_as_accepted(pair: Pair, body: str) -> None:
    audience = pair.new_list()
    ann = member("ann")
    pair.simulator.faults.add(Fault(kind="status", status=200, body=body, path=USERS[pair.simulator.name]))
    assert unknown_after(pair, audience, ann) == set(ann.identifiers)


def unknown_after(pair: Pair, audience: AudienceList, person: Member) -> set[Identifier]:
    """Push and tell which identifiers may or may not have been applied."""
    try:
        return set(pair.destination.push(audience, "add", [person]).unknown)
    except Unavailable as error:
        return set(person.identifiers) if error.applied_unknown else set()


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"id": null}'])
def test_a_list_without_an_id_is_unknown(pair: Pair, body: str) -> None:
    path = CREATES[pair.simulator.name]
    pair.simulator.faults.add(Fault(kind="status", status=200, body=body, method="POST", path=path))
    with pytest.raises(Unavailable) as caught:
        pair.destination.create_list("Pricing intent", ("email",))
    assert caught.value.applied_unknown


@pytest.mark.parametrize(
    "body", ['{"userLists": 1, "data": 1}', '{"userLists": [1], "elements": [1], "data": [1]}']
)
def test_an_answer_in_a_foreign_form_is_not_taken_for_an_empty_one(pair: Pair, body: str) -> None:
    method = FINDS.get(pair.simulator.name, "GET")
    pair.simulator.faults.add(Fault(kind="status", status=200, body=body, method=method))
    with pytest.raises(Unavailable, match="form"):
        pair.destination.find_list("Pricing intent")


def test_a_platform_that_is_down_cannot_have_applied_anything(pair: Pair) -> None:
    down = pair.connect(base_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        down.find_list("Pricing intent")
    assert not caught.value.applied_unknown


def test_errors_carry_neither_secrets_nor_identifiers(pair: Pair) -> None:
    audience = pair.new_list()
    ann = member("ann")
    texts = []
    faults = [
        Fault(kind="status", status=status, path=USERS[pair.simulator.name])
        for status in (400, 403, 404, 409, 500)
    ]
    faults += [Fault(kind="reset", path=USERS[pair.simulator.name])]
    for fault in faults:
        pair.simulator.faults.add(fault)
        with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever it is)
            pair.destination.push(audience, "add", [ann])
        texts += [repr(caught.value), str(getattr(caught.value, "hint", "")), repr(caught.value.__context__)]
    for text in texts:
        assert digest("ann") not in text
        assert "simulator-" not in text


def test_settings_hide_their_secrets_and_refuse_plain_http(pair: Pair) -> None:
    kind = type(pair.destination)
    settings = kind.Settings.model_validate(pair.simulator.settings())
    assert "simulator-" not in repr(settings)
    for url in (
        "http://example.com",
        "ftp://127.0.0.1",
        "https://user:secret@example.com",
        "https://x.com/?a=b",
    ):
        with pytest.raises(ValueError, match="base_url"):
            pair.connect(base_url=url)
    assert kind.Settings.model_validate(
        {**pair.simulator.settings(), "base_url": "https://proxy.example.com/ads/"}
    )


def test_the_admin_route_shows_the_state_and_moves_the_clock(pair: Pair) -> None:
    audience = pair.new_list()
    pair.destination.push(audience, "add", [member("ann")])
    url = f"{pair.simulator.base_url}/_simulator"
    state = requests.get(f"{url}/state", params={"members": "1"}, timeout=5).json()
    assert [(entry["name"], entry["members"]) for entry in state["lists"]] == [
        (audience.name, [["email", digest("ann")]])
    ]
    before = pair.clock.now()
    assert requests.post(f"{url}/clock", json={"advance_seconds": 60}, timeout=5).ok
    assert (pair.clock.now() - before).total_seconds() == 60
    assert requests.post(f"{url}/faults", json={"kind": "no such"}, timeout=5).status_code == 400
    assert requests.post(f"{url}/faults", json={"kind": "status", "path": "sers"}, timeout=5).ok
    assert requests.delete(f"{url}/faults", timeout=5).ok


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "remove"]), st.sets(st.integers(0, 8), min_size=1)), max_size=12
    )
)
def test_any_sequence_of_changes_leaves_what_a_set_would_hold(
    pair: Pair, steps: list[tuple[str, set[int]]]
) -> None:
    audience: AudienceList = pair.new_list(f"list {sum(pair.simulator.counts.values())}")
    model: set[tuple[str, str]] = set()
    for operation, numbers in steps:
        people = [member(str(number)) for number in numbers]
        if operation == "add":
            pair.destination.push(audience, "add", people)
            model |= keys(*people)
        else:
            pair.destination.push(audience, "remove", people)
            model -= keys(*people)
        assert pair.holds(audience) == model
        pair.clock.advance(61)
