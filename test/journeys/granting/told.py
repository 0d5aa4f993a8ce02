"""What Trellis tells of access, as the happenings write it, and whom docs/events.md says it tells."""

from following import ear
from following.mesh import ANALYTICS, CLIMATE
from the_path import AVIATION

DOMAINS = {"aviation": AVIATION, "climate": CLIMATE}
MEMBERS = (AVIATION, CLIMATE, ANALYTICS)
# Who hears of it beside those on the hub's bus.
TO_OWNER = {"Access Approval Needed"}
TO_HOLDER = {"Access Denied", "Access Provisioning Failed", "Access Expiring"}
TO_BOTH = {"Access Granted", "Access Narrowed", "Access Extended", "Access Revoked"}


def line(event):
    """`Granted first`, `Needed second reminder 1`, `Denied third extension`, `Revoked fourth expired`; of catalogs as elsewhere."""
    kind, data = event["detail-type"], event["detail"]["data"]
    if kind.startswith("Catalog"):
        return ear.line(event)
    words = [kind.split()[-1] if kind != "Event Refused" else "Refused", data.get("requestId", "an event")]
    words += [data["question"]] if data.get("question") == "extension" else []
    words += [f"reminder {data['reminder']}"] if "reminder" in data else []
    words += [data["cause"]] if "cause" in data else []
    return " ".join(words)


def is_wanted(wanted, event):
    """Whether it is what `line` says, with these words among its reasons where there are any after a colon."""
    said = line(event)
    if said == wanted:
        return True
    head, _, words = wanted.partition(": ")
    return said == head and words in " ".join(event["detail"]["data"].get("reasons", []))


def accounts_of(event):
    """The accounts whose own bus it comes to."""
    kind, data = event["detail-type"], event["detail"]["data"]
    if kind.startswith("Catalog"):
        return {DOMAINS[data["domain"] if "domain" in data else data["subject"].split("_")[0]]}
    if kind == "Event Refused":
        return {data["account"]} & set(MEMBERS)
    owners = {DOMAINS[table.split("_")[0]] for table in data["tables"] if table.split("_")[0] in DOMAINS}
    holder = {data["principal"].split(":")[4]}
    if kind in TO_OWNER:
        return owners
    if kind in TO_HOLDER:
        return holder
    if kind in TO_BOTH:
        return owners | holder
    raise ValueError(f"docs/events.md does not say whom {kind} is told to")
