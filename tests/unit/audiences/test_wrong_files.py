# ruff: noqa: E501 - the cases read as a table, one to a line
"""Every mistake in an audience file is reported at its place, in words that say what to do."""

from __future__ import annotations

import codecs
import json
import subprocess
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.audiences.library import LONGEST_NAME, parse
from segmentloom_sync.audiences.reader import MAXIMUM_BYTES
from segmentloom_sync.destinations.registry import GROUP, destination_types
from segmentloom_sync.errors import DefinitionError
from segmentloom_sync.project import ProjectFolder
from tests.workspace import CLI

KEYS = "event, sequence, trait, audience, all, any, not"
OPERATORS = "is, is_not, in, not_in, gt, gte, lt, lte, between, contains, starts_with, exists"

SIGNS = {
    **dict.fromkeys(("greater_than", ">"), "gt"), **dict.fromkeys(("less_than", "<"), "lt"),
    ">=": "gte", "<=": "lte",
    **dict.fromkeys(("==", "=", "equal", "eq"), "is"), **dict.fromkeys(("not_equal", "ne", "!="), "is_not"),
}  # fmt: skip

WRONG = [
    # YAML
    ("", "1:1: is empty"),
    ("# only a comment", "1:1: is empty"),
    ("- a", "1:1: must be a mapping of keys, such as match:"),
    ("match: {event: x}\nmatch: {event: y}", "2:1: the key 'match' is there twice"),
    ("match: {event: x, event: y}", "1:19: the key 'event' is there twice"),
    ("match: &a {event: x}", "1:8: anchors and aliases (&, *) are not allowed; write the value out"),
    ("match: *a", "1:8: anchors and aliases (&, *) are not allowed; write the value out"),
    ("match: !!python/object:os.system {event: x}", "1:8: tags (!) are not allowed; quote text that starts with !"),
    ("match: {event: x, count: >= 2}", "1:26: found character '>' that cannot start any token; put quotes around the text"),
    ("match:\n  event: x\n  count: >= 2", '3:11: text that starts with > or | needs quotes, e.g. count: ">= 2"'),
    ("match: {event: @x}", "1:16: found character '@' that cannot start any token; put quotes around the text"),
    ("match: {event: x", "1:8: the { that opens here is not closed"),
    ("match: {event: x\n  within: 7 days}", "1:8: the { that opens here is not closed"),
    ("match: {all: [{event: x}}", "1:25: expected , or ] here"),
    ("match: [", "1:9: a value is missing here, or a bracket before it is not closed"),
    ("match: {event: x within: 7 days}", "1:24: expected , or } here"),
    ("match: {event: 'x}\n", "1:16: the quote that opens here is not closed"),
    ("match: {event: x}\n---\nmatch: {event: y}", "2:1: a second document begins here; a file holds one"),
    ("match:\n\tevent: x", "2:1: a tab cannot stand here; use blanks"),
    ("match: {event: x} \t\n", "1:19: a tab cannot stand here; use blanks"),
    ("match:\n  event: x\n count: '>= 2'", "3:2: does not fit in here: look at its indentation, and at quotes before it"),
    ("description: 'a' b\nmatch: {event: x}", "1:18: does not fit in here: look at its indentation, and at quotes before it"),
    ("match: {event: x}\n...\na", "3:1: does not fit in here: look at its indentation, and at quotes before it"),
    ("match:\n  event: x\n   within: 7 days", "3:10: 'within' stands deeper than the keys above it: look at its indentation"),
    ("match:\n  all:\n    - event: x\n       within: 7 days", "4:14: 'within' stands deeper than the keys above it: look at its indentation"),
    ("description: a: b", "1:15: a colon cannot stand here: quote text that holds one; end each key with a colon and a blank"),
    ("match:\n  event: x\n  count\n", "3:3: a key needs a colon and a blank after it"),
    ("match: {event:x}", "1:8: put a blank after the colon of 'event:'"),
    ("match:\n  event:x", "2:3: put a blank after the colon of 'event:'"),
    ("match: {event: x, within:7 days}", "1:19: put a blank after the colon of 'within:'"),
    ("match: {event: \x07}", "1:16: holds a control character"),
    ("match: {trait: a, gt: 2026-02-30}", "1:23: there is no such date or time as 2026-02-30"),
    ("? {a: b}\n: c", "1:3: a key must be plain text"),
    ("match: " + "{not: " * 70 + "{event: x}" + "}" * 70, "1:381: is nested deeper than 64 levels"),
    ("x" * (MAXIMUM_BYTES + 1), "1:1: larger than 256 KiB"),
    # Jinja
    ("match: {event: '{{ env_var(1) }}'}", "1:17: Jinja ({{) is not allowed in audience files"),
    ("description: a {% b\nmatch: {event: x}", "1:16: Jinja ({%) is not allowed in audience files"),
    ("description: a {# b", "1:16: Jinja ({#) is not allowed in audience files"),
    ('match: {event: "\\x7b{ x"}', "1:16: Jinja is not allowed in audience files"),
    ("description: |\n  # {{ x }}\nmatch: {event: x}", "1:14: Jinja is not allowed in audience files"),
    # keys
    ("description: x", "1:1: the key 'match' is missing"),
    (
        "match: {event: x}\ncadance: daily",
        "2:1: unknown key 'cadance'; did you mean 'cadence'?",
    ),
    (
        "match: {event: x}\nzzz: 1",
        "2:1: unknown key 'zzz'; known keys: cadence, description, exclude, guard, holdout, match, priority, sync, tests, time_zone",
    ),
    ("match: {event: x, cuont: '>= 2'}", "1:19: unknown key 'cuont'; did you mean 'count'?"),
    ("match: {trait: a, equals: x}", "1:19: unknown key 'equals'; did you mean 'is'?"),
    ("match: {event: x, at_least: 2}", "1:19: unknown key 'at_least'; did you mean 'count'?"),
    ("match: {evnt: x}", "1:8: unknown key 'evnt'; did you mean 'event'?"),
    ("match: {foo: x}", f"1:8: unknown key 'foo'; a condition has one of the keys {KEYS}"),
    ("match: {}", f"1:8: a condition has one of the keys {KEYS}"),
    ("match: text", f"1:8: must be a condition; a condition has one of the keys {KEYS}"),
    ("match:", f"1:7: must be a condition; a condition has one of the keys {KEYS}"),
    ("match: [{event: x}]", "1:8: must be one condition, not a list; write all: (or any:) above the list"),
    ("match:\n  - event: x\n  - event: y", "2:3: must be one condition, not a list; write all: (or any:) above the list"),
    ("match: {event: x}\nexclude: [{event: y}]", "2:10: must be one condition, not a list; write all: (or any:) above the list"),
    (
        "match: {event: x, trait: y, is: 1}",
        "1:19: 'trait' cannot stand beside 'event'; put both into all: or any:",
    ),
    ("match: {all: [{event: x}], any: [{event: y}]}", "1:28: 'any' cannot stand beside 'all'; put both into all: or any:"),
    ("match: {property: a, is: 1}", f"1:8: a property belongs under an event's where; a condition has one of the keys {KEYS}"),
    ("match: {event: x, is: 2}", "1:19: 'is' compares a property; write where: [{property: name, is: ...}]"),
    # groups
    ("match: {all: []}", "1:14: all must not be an empty list"),
    ("match: {any: {event: x}}", '1:14: any must be a list; put "- " before its entry, or brackets [ ] around it'),
    ("match: {any: 5}", "1:14: any must be a list"),
    ("match: {not: [{event: x}]}", "1:14: must be one condition, not a list; write all: (or any:) above the list"),
    ("match:\n  all:\n    - event: x\n    - within: 7 days", f"4:7: 'within' belongs to a condition above: take away the dash before it; a condition has one of the keys {KEYS}"),
    ("match:\n  all:\n    - within: 7 days\n    - event: x", f"3:7: 'within' belongs to a condition; a condition has one of the keys {KEYS}"),
    (
        "match:\n  all: [{event: x}]\n  any:\n    - {event: y, count: 2}\n    - all: [{evnt: z}]\n      not: {trait: q}",
        "3:3: 'any' cannot stand beside 'all'; put both into all: or any:",
        '4:25: count needs an operator, e.g. ">= 2"',
        "5:13: unknown key 'evnt'; did you mean 'event'?",
        "6:7: 'not' cannot stand beside 'all'; put both into all: or any:",
        f"6:12: not needs an operator, one of: {OPERATORS}",
    ),
    ("match: {any: 5, all: [{event: x}]}", "1:9: 'any' cannot stand beside 'all'; put both into all: or any:", "1:14: any must be a list"),
    # events
    ("match: {event: 5}", "1:16: event must be text; put quotes around it"),
    ("match: {event: ''}", "1:16: event must not be empty"),
    ("match: {event: true}", "1:16: event must be text; put quotes around it"),
    ("match: {event: x, count: 2}", '1:26: count needs an operator, e.g. ">= 2"'),
    ("match: {event: x, count: 0}", '1:26: count needs an operator, e.g. "= 0"'),
    ("match: {event: x, count: '3'}", '1:26: count needs an operator, e.g. ">= 3"'),
    ("match: {event: x, count: '=> 3'}", '1:26: count must be one of >= > <= < = != and a whole number, e.g. ">= 2"'),
    ("match: {event: x, count: '>= 1.5'}", '1:26: count must be one of >= > <= < = != and a whole number, e.g. ">= 2"'),
    ("match: {event: x, within: 7}", "1:27: within must be a number of hours, days or calendar days, e.g. 7 days"),
    ("match: {event: x, within: 2 weeks}", "1:27: within must be a number of hours, days or calendar days, e.g. 7 days or 12 hours"),
    ("match: {event: x, within: 0 days}", "1:27: within must be a number of hours, days or calendar days, e.g. 7 days or 12 hours"),
    ("match: {event: x, within: 99999 days}", "1:27: within must be 100 years or less; leave it out for all history"),
    ("match: {event: x, within: null}", "1:27: within must be a number of hours, days or calendar days, e.g. 7 days or 12 hours"),
    ("match: {event: x, where: []}", "1:26: where must not be an empty list"),
    ("match: {event: x, where: {property: a, is: 1}}", '1:26: where must be a list; put "- " before its entry, or brackets [ ] around it'),
    (
        "match:\n  event: x\n  where:\n    - property: a\n    - is: 1",
        f"4:7: needs an operator, one of: {OPERATORS}",
        "5:7: the key 'property' is missing; if this belongs to the entry above, take away the dash before it",
    ),
    ("match: {event: x, where: [{is: 1}]}", "1:27: the key 'property' is missing"),
    ("match: {event: x, within: 99999 calendar days}", "1:27: within must be 100 years or less; leave it out for all history"),
    ("match: {event: x, count: '>= 2', sum: {property: a, gt: 1}}", "1:8: match cannot have count and sum together; write one condition for each"),
    ("match: {event: x, occurrence: first, distinct_days: '> 1'}", "1:8: match cannot have distinct_days and occurrence together; write one condition for each"),
    ("match: {event: x, occurrence: second}", "1:31: occurrence must be first or last"),
    ("match: {event: x, occurrence: null}", "1:31: occurrence must be first or last"),
    ("match: {event: x, distinct_days: 3}", '1:34: distinct_days needs an operator, e.g. ">= 3"'),
    ("match: {event: x, days: '>= 3'}", "1:19: unknown key 'days'; did you mean 'distinct_days'?"),
    # aggregates
    ("match: {event: x, sum: total}", "1:24: sum must be a mapping of keys"),
    ("match: {event: x, sum: null}", "1:24: sum must be a mapping of keys"),
    ("match: {event: x, sum: {gt: 5}}", "1:24: the key 'property' is missing"),
    ("match: {event: x, sum: {property: a}}", "1:24: sum needs an operator, one of: is, is_not, gt, gte, lt, lte, between"),
    ("match: {event: x, sum: {property: a, gt: 1, lt: 5}}", "1:24: sum has 2 operators (gt, lt); write one condition for each"),
    ("match: {event: x, sum: {property: a, contains: b}}", "1:38: 'contains' cannot compare sum; use one of: is, is_not, gt, gte, lt, lte, between"),
    ("match: {event: x, sum: {property: a, at_leest: 5}}", "1:38: unknown key 'at_leest'; known keys: between, gt, gte, is, is_not, lt, lte, property"),
    ("match: {event: x, avg: {property: a, gt: '5'}}", "1:42: gt must be a number; write it without quotes"),
    ("match: {event: x, avg: {property: a, gt: 2026-07-01}}", "1:42: gt must be a number: dates have no sum and no average"),
    ("match: {event: x, sum: {property: a, is: 0.1234567891}}", "1:42: is must have at most 9 digits after the point"),
    ("match: {event: x, sum: {property: a, gt: 1000000000000000000}}", "1:42: gt must have at most 18 digits before the point"),
    ("match: {event: x, sum: {property: a, between: [5, 1]}}", "1:47: between must have the smaller value first"),
    ("match: {event: x, sum: {property: a, between: 5}}", "1:47: between must be a list of two numbers, e.g. [10, 20]"),
    ("match: {event: x, min: {property: a, is: 2026-07-01}}", "1:42: is cannot compare with a date; use gt, gte, lt, lte or between"),
    ("match: {event: x, max: {property: a, gte: true}}", "1:43: gte must be a number or an unquoted date"),
    ("match: {event: x, min: {property: a, is: true}}", "1:42: is must be a number"),
    # sequences
    ("match: {sequence: {event: x}}", "1:19: sequence must be a list of events, e.g. [{event: Product Added}, {event: Order Completed}]"),
    ("match: {sequence: [{event: x}]}", "1:19: sequence must have two to five events, not 1"),
    ("match: {sequence: [{event: x}, {event: x}, {event: x}, {event: x}, {event: x}, {event: x}]}", "1:19: sequence must have two to five events, not 6"),
    ("match: {sequence: [{event: x}, {evnt: y}]}", "1:32: the key 'event' is missing", "1:33: unknown key 'evnt'; did you mean 'event'?"),
    ("match: {sequence: [{event: x}, {event: y, within: 1 day}]}", "1:43: 'within' is about all events of a sequence; write it beside sequence:"),
    ("match: {sequence: [{event: x}, {event: y, is: 1}]}", "1:43: 'is' compares a property; write where: [{property: name, is: ...}]"),
    ("match: {sequence: [{event: x}, {event: y, where: [{property: a}]}]}", "1:51: needs an operator, one of: " + OPERATORS),
    ("match: {sequence: [{event: x}, {event: y}], count: '>= 2'}", "1:45: unknown key 'count'; known keys: sequence, steps_within, within"),
    ("match: {sequence: [{event: x}, {event: y}], event: z}", "1:9: 'sequence' cannot stand beside 'event'; put both into all: or any:"),
    ("match: {sequence: [{event: x}, {event: y}], steps_within: 3}", "1:59: steps_within must be a number of hours or days, e.g. 3 days"),
    ("match: {sequence: [{event: x}, {event: y}], steps_within: 2 calendar days}", "1:59: steps_within must be a number of hours or days: it begins with an event, not with a midnight"),
    # operators
    *((f"match: {{trait: a, '{sign}': 5}}", f"1:19: unknown key '{sign}'; did you mean '{operator}'?") for sign, operator in SIGNS.items()),
    ("match:\n  trait: a\n  >: 5", "3:4: > cannot be a key; write gt: for it"),
    ("match: {trait: a, >=: 5}", "1:19: >= cannot be a key; write gte: for it"),
    ("match: {event: x, greater_than: 2}", "1:19: 'greater_than' compares a property; write where: [{property: name, gt: ...}]"),
    ("match: {trait: a, gt: 1,5}", "1:25: '5' after a comma is a key to YAML; write numbers without a comma, decimals as 1.5"),
    ("match:\n  trait: a\n  gt: 1,5", "3:7: gt must be a number without a comma; decimals have a point, e.g. 1.5"),
    ("match:\n  event: x\n  sum: {property: a, gt: '1,000'}", "3:26: gt must be a number without a comma; decimals have a point, e.g. 1.5"),
    ("match: {event: x}\n2024:", "2:1: unknown key '2024'; known keys: cadence, description, exclude, guard, holdout, match, priority, sync, tests, time_zone"),
    ("match: {trait: a}", f"1:8: match needs an operator, one of: {OPERATORS}"),
    ("match: {trait: a, is: 1, gt: 2}", "1:8: match has 2 operators (is, gt); write one condition for each"),
    ("match: {trait: a, is: null}", "1:23: is must not be null; use exists: false for a missing value"),
    ("match: {trait: a, is: [x]}", "1:23: is must be text, a number or true/false"),
    ("match: {trait: a, is: .nan}", "1:23: is must be a finite number"),
    (
        "match: {trait: a, is: 2026-07-01}",
        "1:23: is cannot compare with a date; use gt, gte, lt, lte or between, or quote it to compare text",
    ),
    ("match: {trait: a, in: x}", "1:23: in must be a list, e.g. [US, CA]"),
    ("match: {trait: a, in: []}", "1:23: in must not be an empty list"),
    ("match: {trait: a, in: [x, null]}", "1:27: must not be null; use exists: false for a missing value"),
    ("match: {trait: a, gt: '5'}", "1:23: gt must be a number or a date; write it without quotes"),
    ("match: {trait: a, gt: true}", "1:23: gt must be a number or an unquoted date"),
    ("match: {trait: a, between: [1]}", "1:28: between must be a list of two values, e.g. [10, 20]"),
    ("match: {trait: a, between: [2, 1]}", "1:28: between must have the smaller value first"),
    ("match: {trait: a, between: [1, 2026-07-01]}", "1:28: between must be two numbers or two dates"),
    ("match: {trait: a, contains: ''}", "1:29: contains must not be empty"),
    ("match: {trait: a, starts_with: 5}", "1:32: starts_with must be text; put quotes around it"),
    ("match: {trait: a, exists: yes}", "1:27: exists must be true or false"),
    ("match: {trait: a, is: \"a\\nb\"}", "1:23: is must not hold control characters or line ends"),
    # paths
    ("match: {trait: 5, is: 1}", "1:16: trait must be a name such as plan or address.city, or a list of keys"),
    ("match: {trait: a..b, is: 1}", '1:16: trait has an empty key; write keys that hold dots as a list, e.g. [order, "total.eur"]'),
    ("match: {trait: [a, 1], is: 1}", "1:16: trait must be text keys; put quotes around numbers"),
    ("match: {trait: 'a\"b', is: 1}", "1:16: trait must not have keys with double quotes, backslashes or only stars"),
    # audiences
    ("match: {audience: Staff Members}", "1:19: audience must be a name of lower-case letters, digits and _, such as staff_members"),
    # personal data
    ("match: {trait: email, is: ann@example.com}", "1:27: looks like an e-mail address; personal data is not allowed here"),
    ("match: {trait: email, in: [x, 'to Ann <ann@example.com>']}", "1:31: looks like an e-mail address; personal data is not allowed here"),
    ("match: {trait: phone, is: '+49 151 1234567'}", "1:27: looks like a telephone number; personal data is not allowed here"),
    ("match: {trait: phone, is: (555) 123-4567}", "1:27: looks like a telephone number; personal data is not allowed here"),
    ("match: {trait: phone, is: 4915112345678}", "1:27: looks like a telephone number; personal data is not allowed here"),
    ("match: {event: x, where: [{property: p, in: ['15551234567']}]}", "1:46: looks like a telephone number; personal data is not allowed here"),
    ("match: {event: x}\nexclude: {trait: email, is: ann@example.com}", "2:29: looks like an e-mail address; personal data is not allowed here"),
    # who is left out
    ("match: {event: x}\nexclude: null", f"2:10: must be a condition; a condition has one of the keys {KEYS}"),
    ("match: {event: x}\nexclude: {evnt: y}", "2:10: unknown key 'evnt'; did you mean 'event'?"),
    ("match: {event: x}\nexclude: {any: [{event: y, count: 2}]}", '2:35: count needs an operator, e.g. ">= 2"'),
    ("match: {event: x}\nholdout: 10", "2:10: holdout must be a mapping of keys; write {percent: 10}"),
    ("match: {event: x}\nholdout: 2.5", "2:10: holdout must be a mapping of keys; write {percent: 2.5}"),
    ("match: {event: x}\nholdout: 10%", "2:10: holdout must be a mapping of keys; write {percent: 10}"),
    ("match: {event: x}\nholdout: true", "2:10: holdout must be a mapping of keys; write {percent: 10}"),
    ("match: {event: x}\nholdout: {percent: 2,5}", "2:22: '5' after a comma is a key to YAML; write numbers without a comma, decimals as 1.5"),
    ("match: {event: x}\nholdout:\n  percent: 2,5", "3:12: percent must be a number without a comma; decimals have a point, e.g. 1.5"),
    ("match: {event: x}\nholdout: {}", "2:10: the key 'percent' is missing"),
    ("match: {event: x}\nholdout: {percent: 0}", "2:20: percent must be above 0 and below 100"),
    ("match: {event: x}\nholdout: {percent: 100}", "2:20: percent must be above 0 and below 100"),
    ("match: {event: x}\nholdout: {percent: 12.345}", "2:20: percent must have at most 2 digits after the point"),
    ("match: {event: x}\nholdout: {percent: 10%}", "2:20: percent must be a number"),
    ("match: {event: x}\nholdout: {precent: 10, percent: 5}", "2:11: unknown key 'precent'; did you mean 'percent'?"),
    ("match: {event: x}\nholdout: {percent: 5, group: Spring 26}", "2:30: group must be a name of lower-case letters, digits and _, such as spring"),
    ("match: {event: x}\npriority: {group: a}", "2:11: the key 'rank' is missing"),
    ("match: {event: x}\npriority: {group: a, rank: 0}", "2:28: rank must be a whole number, 1 or more; 1 comes first"),
    ("match: {event: x}\npriority: {group: a, rank: 1.5}", "2:28: rank must be a whole number, 1 or more; 1 comes first"),
    ("match: {event: x}\npriority: null", "2:11: priority must be a mapping of keys"),
    ("match: {event: x}\ntime_zone: Europe/Berln", "2:12: time_zone must be the name of a time zone; did you mean 'Europe/Berlin'?"),
    ("match: {event: x}\ntime_zone: +02:00", "2:12: time_zone must be the name of a time zone, e.g. Europe/Berlin"),
    ("match: {event: x}\ntimezone: UTC", "2:1: unknown key 'timezone'; did you mean 'time_zone'?"),
    # the rest
    ("match: {event: x}\ncadence: weekly", "2:10: cadence must be hourly or daily"),
    ("match: {event: x}\ndescription: 5", "2:14: description must be text; put quotes around it"),
    ("match: {event: x}\nsync:\n  destination: meta\n  list: x", '3:3: sync must be a list; put "- " before its entry, or brackets [ ] around it'),
    ("match: {event: x}\nsync: [{destination: meta}]", "2:8: the key 'list' is missing"),
    ("match: {event: x}\nsync: [{destination: Google Ads, list: x}]", "2:22: destination must be a name of lower-case letters, digits and _, such as google_ads"),
    ("match: {event: x}\nsync: [{destination: meta, list: x, identifiers: [mail]}]", "2:51: must be email or phone"),
    ("match: {event: x}\nsync: [{destination: meta, list: x, identifiers: [email, email]}]", "2:50: identifiers must not repeat"),
    ("match: {event: x}\nsync: [{destination: meta, list: x}, {destination: meta, list: x}]", "2:38: the same destination and list are there twice"),
    ("match: {event: x}\nguard: {max_removal_percent: 130}", "2:30: max_removal_percent must be 100 or less"),
    ("match: {event: x}\ntests: {min_members: 0}", "2:22: min_members must be a whole number, 1 or more"),
    ("match: {event: x}\ntests: {max_members: many}", "2:22: max_members must be a whole number, 1 or more"),
    ("match: {event: x}\ntests: {min_members: 10, max_members: 5}", "2:39: max_members must be min_members (10) or more"),
    ("match: {event: x}\ntests: {max_change_percent: -5}", "2:29: max_change_percent must be a number, 0 or more"),
    ("match: {event: x}\ntests: {max_change_percent: 20%}", "2:29: max_change_percent must be a number, 0 or more"),
    ("match: {event: x}\ntests: {max_change: 20}", "2:9: unknown key 'max_change'; did you mean 'max_change_percent'?"),
    ("match: {event: x}\ntests: {includes: ['user_id:1'], excludes: ['user_id:2', 'user_id:1']}", "2:58: the same user is under includes"),
    ("match: {event: x}\ntests: {includes: ['user_id:1', 'user_id:1']}", "2:33: includes must not repeat"),
    ("match: {event: x}\ntests: {disjoint_from: other}", "2:24: disjoint_from must be a list"),
    ("match: {event: x}\ntests: {disjoint_from: [Other One]}", "2:25: must be a name of lower-case letters, digits and _, such as other_one"),
    ("match: {event: x}\ntests: {includes: [u_1]}", '2:20: must be a user id, e.g. "user_id:u_123"'),
    ("match: {event: x}\ntests: {excludes: ['phone:1']}", '2:20: must be a user id, e.g. "user_id:u_123"'),
]  # fmt: skip


@pytest.mark.parametrize("case", WRONG, ids=[f"{case[0][:40]!r}" for case in WRONG])
def test_a_mistake_is_reported_at_its_place(case: tuple[str, ...]) -> None:
    text, *messages = case
    audience, problems = parse(text.encode(), name="a", label="audiences/a.yml")
    assert audience is None
    assert [str(problem) for problem in problems] == [f"audiences/a.yml:{message}" for message in messages]


def test_they_are_different_mistakes() -> None:
    texts = [case[0] for case in WRONG]
    assert len(set(texts)) == len(texts)
    assert len({message.partition(": ")[2] for case in WRONG for message in case[1:]}) >= 60


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ProjectFolder:
    """A project whose one audience was compiled and then changed, so that compiling has something to write."""
    directory = tmp_path_factory.mktemp("project")
    (directory / "audiences").mkdir()
    good = directory / "audiences" / "good.yml"
    good.write_text("match: {event: x}")
    project = ProjectFolder(directory, "shop")
    compile_audiences(project, check=False)
    good.write_text("match: {event: y}")
    assert compile_audiences(project, check=True).written
    return project


@pytest.mark.parametrize("case", WRONG, ids=[f"{case[0][:40]!r}" for case in WRONG])
def test_each_ends_compile_with_2_and_nothing_is_written(
    project: ProjectFolder, case: tuple[str, ...]
) -> None:
    text, *messages = case
    file = project.directory / "audiences" / "a.yml"
    file.write_text(text, encoding="utf-8", newline="")
    before = contents(project.directory)
    with pytest.raises(DefinitionError) as refused:
        compile_audiences(project, check=False)
    assert refused.value.exit_code == 2
    assert refused.value.message.splitlines() == [f"audiences/a.yml:{message}" for message in messages]
    assert contents(project.directory) == before


def contents(folder: Path) -> dict[Path, bytes | None]:
    """All files and folders."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_compile_reports_all_of_them_at_once_ends_with_2_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "audiences"
    folder.mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    (folder / "good.yml").write_text("match: {event: x}")
    command = [str(CLI), "compile", "--project-dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "good.yml").write_text("match: {event: y}")
    expected = []
    for number, (text, *messages) in enumerate(WRONG):
        name = f"wrong_{number:03}.yml"
        (folder / name).write_text(text, encoding="utf-8")
        expected += [f"audiences/{name}:{message}" for message in messages]
    before = contents(tmp_path)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stderr.splitlines() == [f"error: {message}" for message in expected]
    assert (done.returncode, done.stdout) == (2, "")
    assert contents(tmp_path) == before
    answered = subprocess.run([*command, "--json"], check=False, capture_output=True, text=True)
    problems = json.loads(answered.stdout)["problems"]
    assert answered.returncode == 2
    assert [f"{one['file']}:{one['line']}:{one['column']}: {one['message']}" for one in problems] == expected


def test_a_file_in_a_folder_below_is_a_mistake(tmp_path: Path) -> None:
    lower = tmp_path / "audiences" / "drafts"
    for folder in (lower, tmp_path / "audiences" / ".old"):
        folder.mkdir(parents=True)
        for name in ("right.yml", "also.yaml", "notes.md"):
            (folder / name).write_text("match: {event: x}")
    (tmp_path / "audiences" / "right.yml").write_text("match: {event: x}")
    with pytest.raises(DefinitionError) as refused:
        compile_audiences(ProjectFolder(tmp_path, "shop"))
    told = "1:1: lies in a folder of audiences/, where no file is read; move it to"
    assert refused.value.problems == [
        f"audiences/drafts/also.yaml:{told} audiences/also.yml",
        f"audiences/drafts/right.yml:{told} audiences/right.yml",
    ]


TOGETHER = [
    # the second file, and what is wrong with both: each has 'A' at meta and at work, which is a linkedin
    ("sync: [{destination: work, list: B, identifiers: [email, phone]}]", "b.yml:2:58: work does not take phone; it takes email"),
    ("sync: [{destination: work, list: B, identifiers: [phone]}]\ncadence: weekly", "b.yml:2:51: work does not take phone; it takes email", "b.yml:3:10: cadence must be hourly or daily"),
    ("sync: [{destination: mobile, list: B}]", "b.yml:2:22: mobile does not take email; it takes phone"),
    ("sync: [{destination: wrk, list: B, identifiers: [phone]}]", "b.yml:2:22: unknown destination 'wrk'; did you mean 'work'?"),
    ("sync: [{destination: mota_ads, list: B}]", "b.yml:2:22: unknown destination 'mota_ads'; destinations: meta, mobile, odd, work"),
    (
        "sync: [{destination: work, list: B}, {destination: meta, list: A}]",
        "a.yml:2:34: the list 'A' at meta is also that of 'b'; give each audience a list of its own: each removes whom it does not know",
        "b.yml:2:64: the list 'A' at meta is also that of 'a'; give each audience a list of its own: each removes whom it does not know",
    ),
]  # fmt: skip


class PhonesOnly:
    identifier_types = ("phone",)


@pytest.mark.parametrize("case", TOGETHER, ids=[case[0] for case in TOGETHER])
def test_what_does_not_fit_the_destinations_or_another_file_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, ...]
) -> None:
    text, *messages = case
    point = EntryPoint("phones", f"{__name__}:{PhonesOnly.__name__}", GROUP)
    types = {**destination_types(), "phones": point}
    monkeypatch.setattr("segmentloom_sync.audiences.known_names.destination_types", lambda: types)
    monkeypatch.setattr("segmentloom_sync.destinations.registry.destination_types", lambda: types)
    (tmp_path / "audiences").mkdir()
    (tmp_path / "segmentloom.yml").write_text(
        "destinations: {meta: {type: meta}, work: {type: linkedin}, mobile: {type: phones}, odd: 5}"
    )
    for name, sync in (
        ("a", "sync: [{destination: meta, list: A}, {destination: work, list: A}]"),
        ("b", text),
    ):
        (tmp_path / "audiences" / f"{name}.yml").write_text(f"match: {{event: x}}\n{sync}\n")
    with pytest.raises(DefinitionError) as refused:
        compile_audiences(ProjectFolder(tmp_path, "shop"), check=True)
    assert refused.value.problems == [f"audiences/{message}" for message in messages]


@pytest.mark.parametrize(
    "sync",
    [
        "sync: [{destination: work, list: B}, {destination: meta, list: B, identifiers: [phone, email]}]",
        "sync: [{destination: meta, list: a}]",  # names differ in the case of a letter
        "sync: [{destination: other, list: A}]",
    ],
)
def test_lists_of_one_name_at_different_destinations_are_different(tmp_path: Path, sync: str) -> None:
    (tmp_path / "audiences").mkdir()
    (tmp_path / "segmentloom.yml").write_text(
        "destinations: {meta: {type: meta}, other: {type: meta}, work: {type: linkedin}}"
    )
    for name, text in (
        ("a", "sync: [{destination: meta, list: A}, {destination: work, list: A}]"),
        ("b", sync),
    ):
        (tmp_path / "audiences" / f"{name}.yml").write_text(f"match: {{event: x}}\n{text}\n")
    assert compile_audiences(ProjectFolder(tmp_path, "shop")).audiences == ("a", "b")


def test_an_audience_that_shares_no_member_with_itself_is_refused() -> None:
    _, problems = parse(b"match: {event: x}\ntests: {disjoint_from: [b, a]}", name="a", label="a.yml")
    message = "2:28: an audience shares all members with itself; name others"
    assert [str(problem) for problem in problems] == [f"a.yml:{message}"]


def test_all_mistakes_of_a_file_come_at_once_in_file_order() -> None:
    text = "cadence: weekly\nmatch:\n  all:\n    - {evnt: x}\n    - {trait: a}\n    - {event: y, count: 2}\nfoo: 1\n"
    _, problems = parse(text.encode(), name="a", label="a.yml")
    assert [(problem.position.line, problem.position.column) for problem in problems] == [
        (1, 10),
        (4, 7),
        (5, 7),
        (6, 25),
        (7, 1),
    ]


@pytest.mark.parametrize(
    ("name", "extension", "message"),
    [
        ("Big Spenders", ".yml", "the file's name is the audience's name: lower-case letters, digits and _, a letter first"),
        ("1st", ".yml", "the file's name is the audience's name: lower-case letters, digits and _, a letter first"),
        ("a" * (LONGEST_NAME + 1), ".yml", "the file's name is longer than 100 characters"),
        ("good", ".yaml", "must end in .yml; rename it to good.yml"),
        ("sizes", ".yml", "the name 'sizes' is taken: the table audience_sizes is another one"),
    ],
)  # fmt: skip
def test_a_wrong_file_name_is_reported(name: str, extension: str, message: str) -> None:
    _, problems = parse(b"match: {event: x}", name=name, label="f", extension=extension)
    assert [str(problem) for problem in problems] == [f"f:1:1: {message}"]


@pytest.mark.parametrize(
    "text",
    [
        "match: {event: x}  # {{ a comment }}\n# {% so is this %}",
        "description: it's fine # {{ here }}\nmatch: {event: x}",
        "match: {trait: day, gte: 2026-07-01}",
        "match: {trait: day, is: '2026-07-01'}",
        "match: {trait: total, gte: 1000000000000}",
        "match: {trait: sku, is: 'AB-1234567890'}",
        "match: {trait: version, is: 10.20.30}",
        "match: {trait: id, is: 123e4567-e89b-12d3-a456-426614174000}",
        "match: {trait: answer, in: [yes, no, on, off, y, n]}",
        "match: {event: x, within: 1 day, count: '>=2'}",
        "match: {event: 'Café ☕ 100%'}",
        "match: {trait: '', exists: true}".replace("''", "a"),
        "match: {event: x, within: 1 calendar day, distinct_days: '>= 2'}\ntime_zone: Europe/Berlin",
        "match: {event: x, max: {property: at, lt: 2026-07-01}}",
        "match: {event: x, sum: {property: [order, total], between: [-0.5, 1e3]}, within: 7 days}",
        "match: {sequence: [{event: x}, {event: x}], within: 7 calendar days, steps_within: 1 hour}",
        "match: {event: x}\nholdout: {percent: 0.01}\npriority: {group: a, rank: 7}\nexclude: {event: y}",
    ],
)
def test_what_only_looks_wrong_is_fine(text: str) -> None:
    audience, problems = parse(text.encode(), name="a", label="a.yml")
    assert problems == []
    assert audience is not None


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("match: {event: x}\ndescription: plän".encode("latin-1"), "2:16"),
        ("match: {event: x}".encode("utf-16"), "1:1"),
        (codecs.BOM_UTF8 + b"match: \xff", "1:8"),
    ],
)
def test_a_file_in_another_encoding_is_reported(content: bytes, place: str) -> None:
    _, problems = parse(content, name="a", label="a.yml")
    assert [str(problem) for problem in problems] == [
        f"a.yml:{place}: is not UTF-8 text; save the file as UTF-8"
    ]


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + b"match: {event: x}\n",
        b"match:\r\n  event: x\r\n  count: '>= 2'\r\n",
        b"match:\r  event: x\r",
        b"\n\n# a comment\nmatch: {event: x}",
        ("a" * LONGEST_NAME).encode().join([b"match: {event: ", b"}"]),
    ],
)
def test_how_an_editor_saves_a_file_does_not_matter(content: bytes) -> None:
    audience, problems = parse(content, name="a" * LONGEST_NAME, label="a.yml")
    assert problems == []
    assert audience is not None


def test_words_of_yaml_1_1_are_text() -> None:
    audience, _ = parse(b"match: {trait: a, in: [yes, NO, on, 12:30:00, 0x1F, 1_000]}", name="a", label="a")
    assert audience is not None
    assert audience.definition["match"] == {
        "trait": ["a"],
        "in": ["yes", "NO", "on", "12:30:00", 31, "1_000"],
    }


def test_a_date_is_its_midnight_and_a_time_without_zone_is_utc() -> None:
    text = b"match: {trait: a, between: [2026-07-01, 2026-07-01 14:00:00 +02:00]}"
    audience, _ = parse(text, name="a", label="a")
    assert audience is not None
    assert audience.definition["match"]["between"] == [
        {"timestamp": "2026-07-01T00:00:00Z"},
        {"timestamp": "2026-07-01T12:00:00Z"},
    ]
