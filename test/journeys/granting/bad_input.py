"""What cannot be meant, or cannot be had: answered once, with what a person can do about it. Nothing is given, and nothing stalls."""

import json

from following.mesh import ANALYTICS, HUB_BUS
from the_path import ANALYST, AVIATION, STEWARD, expect

from .deciding import PUBLIC
from .mesh import LASTING_DAYS, MINUTE

ASKED, DECIDED = "Access Requested", "Access Decision Made"
EXTENDED, REVOKED = "Access Extension Requested", "Access Revocation Requested"
NOTHING = object()
KILOBYTE = 1024


def good(**other):
    """A request that is granted, with other members; `NOTHING` takes one away."""
    data = {"requestId": "bad", "principal": ANALYST, "tables": ["aviation_ops.wells"], "columns": PUBLIC}
    data |= {"purpose": "delay-study", "durationDays": LASTING_DAYS, **other}
    return {key: value for key, value in data.items() if value is not NOTHING}


REFUSED = [
    ("data.requestId", ASKED, good(requestId=NOTHING)),
    ("1 to 64 letters", ASKED, good(requestId="../../etc/passwd")),
    ("1 to 64 letters", ASKED, good(requestId="x" * 65)),
    ("data.requestId", ASKED, good(requestId=None)),
    ("data.principal", ASKED, good(principal=NOTHING)),
    ("ARN of a role or a user", ASKED, good(principal="Analyst")),
    ("ARN of a role or a user", ASKED, good(principal=f"arn:aws:iam::{ANALYTICS}:root")),
    ("ARN of a role or a user", ASKED, good(principal="*")),
    ("ARN of a role or a user", ASKED, good(principal="IAM_ALLOWED_PRINCIPALS")),
    ("data.purpose", ASKED, good(purpose=NOTHING)),
    ("data.purpose", ASKED, good(purpose="")),
    ("data.purpose", ASKED, good(purpose="x" * 257)),
    ("data.purpose", ASKED, good(purpose={"$ne": None})),
    ("name either a product or tables", ASKED, good(tables=NOTHING)),
    ("name either a product or tables", ASKED, good(product="aviation/wells")),
    ("data.tables", ASKED, good(tables=[])),
    ("data.tables", ASKED, good(tables="aviation_ops.wells")),
    ("<central database>.<table>", ASKED, good(tables=["wells"])),
    ("<central database>.<table>", ASKED, good(tables=["aviation_ops.wells; DROP TABLE wells"])),
    ("data.columns", ASKED, good(columns=[])),
    ("data.columns", ASKED, good(columns=[1, 2])),
    ("data.columns", ASKED, good(columns=["c"] * 1001)),
    ("data.rowFilter", ASKED, good(rowFilter="x" * 4097)),
    ("data.permissions", ASKED, good(permissions=["ALL"])),
    ("data.permissions", ASKED, good(permissions=["SELECT", "DROP"])),
    ("give either expiresAt or durationDays", ASKED, good(durationDays=NOTHING)),
    ("give either expiresAt or durationDays", ASKED, good(expiresAt="2099-01-01T00:00:00.000Z")),
    ("data.durationDays", ASKED, good(durationDays=-1)),
    ("data.durationDays", ASKED, good(durationDays=0)),
    ("data.durationDays", ASKED, good(durationDays=1.5)),
    ("data.durationDays", ASKED, good(durationDays="forever")),
    ("ISO-8601", ASKED, good(durationDays=NOTHING, expiresAt="tomorrow")),
    ("ISO-8601", ASKED, good(durationDays=NOTHING, expiresAt="2099-02-30T00:00:00.000Z")),
    ("data.decision", DECIDED, {"requestId": "bad", "decision": "maybe", "approver": STEWARD}),
    ("data.approver", DECIDED, {"requestId": "bad", "decision": "approved"}),
    ("data.approver", DECIDED, {"requestId": "bad", "decision": "approved", "approver": "me"}),
    ("data.expiresAt", EXTENDED, {"requestId": "bad"}),
    ("data.reason", REVOKED, {"requestId": "bad"}),
    ("An empty selector is refused", REVOKED, {"reason": "All of it."}),
    ("<central database>.<table>", REVOKED, {"reason": "All of it.", "table": "*"}),
    ("ARN of a role or a user", REVOKED, {"reason": "All of it.", "principal": "*"}),
    ("No request bad waits for an answer", DECIDED, {"requestId": "bad", "decision": "approved", "approver": STEWARD}),
    ("has no access bad to extend", EXTENDED, {"requestId": "bad", "expiresAt": "2099-01-01T00:00:00.000Z"}),
    ("has no request bad to revoke", REVOKED, {"requestId": "bad", "reason": "There is none."}),
    ("is no event that Trellis takes", "Access Begged For", good()),
    ("is no event that Trellis takes", "access requested", good()),
]

DENIED = [
    ("belongs to no domain of the mesh", {"tables": ["nowhere_ops.wells"]}),
    ("belongs to no domain of the mesh", {"tables": ["default.wells"]}),
    ("There is no table aviation_ops.zeppelins in the central catalog.", {"tables": ["aviation_ops.zeppelins"]}),
    ("There is no table aviation_secret.wells in the central catalog.", {"tables": ["aviation_secret.wells"]}),
    ("aviation_ops.wells has no column wildlife_size.", {"columns": ["iata", "wildlife_size"]}),
    ("aviation_ops.wells has no column *.", {"columns": ["*"]}),
    ("has passed already", {"durationDays": NOTHING, "expiresAt": "2001-01-01T00:00:00.000Z"}),
    ("Products come with their contracts", {"tables": NOTHING, "product": "aviation/wells"}),
    ("access ends after 365 days at most", {"durationDays": 9_007_199_254_740_991}),
]


def of_the_wrong_shape_or_of_nothing(mesh):
    """Refused to whoever sent it; the same again is no news."""
    mesh.offer("wells")
    for words, kind, data in REFUSED:
        expect_refused(mesh, words, kind, data)
    mesh.expect_no_read("wells")


def expect_refused(mesh, words, kind, data):
    event_id = f"refused-{len(mesh.said)}"
    mesh.say(ANALYTICS, kind, data, event_id)
    request_id = data.get("requestId")
    known = request_id if isinstance(request_id, str) and request_id == "bad" else "an event"
    [refused] = mesh.expect_told(f"Refused {known}: {words}")
    expect(refused["eventId"] == event_id and refused["detailType"] == kind, f"to say which event is meant, not {refused}")
    mesh.say(ANALYTICS, kind, data, event_id)
    mesh.expect_told()


def what_is_wrong_is_said_at_once(mesh):
    """All of it, so that nobody asks five times."""
    mesh.say(ANALYTICS, ASKED, {"columns": "all", "durationDays": "long"})
    [refused] = mesh.expect_told("Refused an event: data.requestId")
    said = " ".join(refused["reasons"])
    for member in ("principal", "columns", "purpose", "durationDays"):
        expect(f"data.{member}" in said, f"{member} to be among what is wrong, not {said}")


def what_cannot_be_had(mesh):
    """Denied with the reason, once; the same request again is silent."""
    for number, (words, other) in enumerate(DENIED):
        data = good(requestId=f"cannot-{number}", **other)
        mesh.say(ANALYTICS, ASKED, data)
        mesh.expect_told(f"Denied cannot-{number}: {words}")
        mesh.say(ANALYTICS, ASKED, data)
        mesh.expect_told()
    mesh.expect_no_read("wells")


def details_that_are_no_events_of_ours(mesh):
    """No object, without metadata, without an id, or of junk: EventBridge keeps some of it out, Trellis answers the rest."""
    for detail in ("", "no JSON", "[]", '"text"', "7", "null"):
        error = mesh.put_entry(ANALYTICS, ASKED, detail)
        expect(error in ("MalformedDetail", "InvalidArgument"), f"EventBridge to refuse the detail {detail!r}, not {error}")
    mesh.expect_told()
    envelopes = [
        ("metadata", {}),
        ("metadata", {"data": good()}),
        ("data", {"metadata": {"eventId": "no-data"}}),
        ("data", {"metadata": {"eventId": "data-is-a-list"}, "data": [good()]}),
        ("metadata.eventId", {"metadata": {"eventId": 7}, "data": good()}),
        ("metadata.eventId", {"metadata": {"eventId": ""}, "data": good()}),
        ("metadata.eventId", {"metadata": {"eventId": "x" * 129}, "data": good()}),
        ("metadata", {"metadata": "none", "data": good(), "__proto__": {"data": good()}}),
    ]
    for words, detail in envelopes:
        for told in ([True], []):
            mesh.said.append(ASKED)
            mesh.put_entry(ANALYTICS, ASKED, json.dumps(detail))
            known = "bad" if isinstance(detail.get("data"), dict) else "an event"
            mesh.expect_told(*[f"Refused {known}: {words}" for _ in told])
    mesh.expect_no_read("wells")


def two_hundred_kilobytes_of_junk(mesh):
    """Refused like a little of it, whatever it is; and told in an event that is itself no larger than can be sent."""
    much = "x" * (200 * KILOBYTE)
    expect_refused(mesh, "data.requestId", ASKED, {"junk": much})
    expect_refused(mesh, "data.purpose", ASKED, good(purpose=much))
    expect_refused(mesh, "data.columns", ASKED, good(columns=["c" * 250] * 800 + [7] * 201))
    names = [f"c{number:0239}" for number in range(1_000)]
    expect_refused(mesh, "data.columns: the names have 60000 bytes together at the most", ASKED, good(columns=names))
    mesh.say(ANALYTICS, ASKED, good(requestId="no-columns", columns=[name[-50:] for name in names]))
    [denied] = mesh.expect_told(f"Denied no-columns: aviation_ops.wells has no column {names[0][-50:]}.")
    expect(denied["reasons"][-1].endswith("more reasons of this kind."), f"the rest to be counted, not {denied['reasons'][-1]}")
    expect_refused(mesh, "data.requestId", ASKED, good(requestId=much))
    expect_refused(mesh, "data.tables", ASKED, good(tables=["wells"] * 20_000))
    expect_refused(mesh, "data.decision", DECIDED, {"requestId": "bad", "decision": much, "approver": STEWARD})
    mesh.say(ANALYTICS, ASKED, good(requestId="deep", rowFilter="(" * 4_000))
    mesh.expect_told("Denied deep: The row filter cannot be used:")
    nested = json.dumps({"metadata": {"eventId": "nested"}, "data": 0}).replace("0}", "[" * 500 + "]" * 500 + "}")
    mesh.said.append(ASKED)
    mesh.put_entry(ANALYTICS, ASKED, nested)
    mesh.expect_told("Refused an event: data")
    mesh.expect_no_read("wells")


def fields_that_nobody_knows(mesh):
    """Are read past: a later version may have them. The next good request gets through as ever."""
    more = {"priority": "high", "account": AVIATION, "status": "approved", "approvedBy": STEWARD, "junk": "x" * (100 * KILOBYTE)}
    mesh.say(ANALYTICS, ASKED, good(requestId="more-fields", columns=["iata", "city"], **more))
    mesh.expect_told("Needed more-fields")
    mesh.expect_no_read("wells")
    mesh.say(ANALYTICS, ASKED, good(requestId="good"), bus=HUB_BUS)
    mesh.expect_told("Granted good")
    mesh.expect_reads("wells", PUBLIC)
    mesh.advance(MINUTE)
    mesh.expect_told()


HAPPENINGS = [
    of_the_wrong_shape_or_of_nothing,
    what_is_wrong_is_said_at_once,
    what_cannot_be_had,
    details_that_are_no_events_of_ours,
    two_hundred_kilobytes_of_junk,
    fields_that_nobody_knows,
]
