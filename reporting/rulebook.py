"""The outside rules this product enforces so far: what each asks, who says so, how sure we are.

Facts in our own words, for the compliance page; what a rule's figures are is in the code that enforces
it. A rule joins this table in the change that first enforces it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Certainty(StrEnum):
    """How well a rule is known: from its primary text; from law firms, press or another authority; not."""

    PRIMARY = "primary"
    LIKELY = "likely"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `asks` is its short statement, `extent` how far the product keeps it today."""

    id: str
    asks: str
    source: str
    certainty: Certainty
    extent: str


FAMILIES = {
    "VAF": "Financing against virtual assets",
    "PERP": "Perpetual contracts",
    "AMM": "Affiliated market makers",
    "SMF": "Securities margin financing",
    "FRR": "The firm's capital",
    "CLI": "Clients",
    "FEE": "Trading costs",
    "INT": "Interest",
    "AST": "Client assets and documents",
    "CMP": "Complaints",
    "CUS": "Custody",
    "STB": "Stablecoins",
}
"""Every family an id may begin with, in the order of the page; most have no rule here yet."""

_VAF = "SFC circular 26EC5 of 11 February 2026"
_SMF = "SFC Guidelines for Securities Margin Financing Activities, in force since 4 October 2019"

RULES = (
    Rule(
        id="VAF-2",
        asks="Only an existing securities margin client may borrow; a cash account may not.",
        source=_VAF,
        certainty=Certainty.LIKELY,
        extent="A custody account that is not of kind margin cannot become a margin account.",
    ),
    Rule(
        id="VAF-3",
        asks="Securities are required as collateral beside a limited amount of virtual assets.",
        source=_VAF,
        certainty=Certainty.PRIMARY,
        extent="A policy that lends on virtual assets must cap them, together, at a share below one"
        " with no floor, so that without securities they lend nothing.",
    ),
    Rule(
        id="VAF-4",
        asks="Bitcoin and Ether alone may be pledged; any other token lends nothing.",
        source=_VAF,
        certainty=Certainty.LIKELY,
        extent="Deposits, purchases and policies are checked. The list is a constant of the code.",
    ),
    Rule(
        id="VAF-5",
        asks="The haircut on virtual assets is at least 60 %, whoever sets it.",
        source=_VAF,
        certainty=Certainty.LIKELY,
        extent="No policy below it can be adopted, in any tier.",
    ),
    Rule(
        id="VAF-6",
        asks="Virtual assets count nothing for the firm's capital, whatever haircut they are lent on.",
        source=_VAF,
        certainty=Certainty.LIKELY,
        extent="The capital haircut of a virtual asset must be 100 %. Each valuation holds both values.",
    ),
    Rule(
        id="VAF-7",
        asks="Financing of virtual assets is by itself no reason for a higher limit; credit is assessed.",
        source=_VAF,
        certainty=Certainty.LIKELY,
        extent="A limit names the assessment it rests on. The assessment itself is not in the product yet.",
    ),
    Rule(
        id="VAF-8",
        asks="Virtual assets fall under the margin policy and its concentration limits.",
        source=_VAF + "; the size of the caps is unknown and the house's own",
        certainty=Certainty.LIKELY,
        extent="All virtual assets are one name for the caps. Recorded risk assessments are still to come.",
    ),
    Rule(
        id="VAF-10",
        asks="No further advances while a call is outstanding; a plan for a platform's outage.",
        source=_VAF,
        certainty=Certainty.LIKELY,
        extent="A call, and a hold for doubtful prices, stop purchases and withdrawals. The plan for an"
        " outage is the firm's to write.",
    ),
    Rule(
        id="VAF-15",
        asks="Credit is for dealing: each advance names its purpose; cash is not paid out on credit.",
        source=_VAF,
        certainty=Certainty.PRIMARY,
        extent="Advances come from purchases and name the trade. Cash out on credit needs a dated policy.",
    ),
    Rule(
        id="SMF-2",
        asks="Related clients and correlated collateral are added up, and both are limited.",
        source=_SMF,
        certainty=Certainty.LIKELY,
        extent="Collateral: related names merge before the caps. Related clients are not added up yet.",
    ),
    Rule(
        id="SMF-4",
        asks="Going beyond a limit needs a written risk assessment and the management's approval.",
        source=_SMF,
        certainty=Certainty.LIKELY,
        extent="A limit names its assessment. Approval by a second person is still to come.",
    ),
    Rule(
        id="SMF-5",
        asks="No further advances while a margin call is outstanding.",
        source=_SMF,
        certainty=Certainty.LIKELY,
        extent="As VAF-10, for securities too.",
    ),
    Rule(
        id="FRR-5",
        asks="Collateral counts for the firm's capital after haircuts; what it does not carry is a charge.",
        source="Financial Resources Rules, Cap. 571N",
        certainty=Certainty.UNKNOWN,
        extent="The charge of one account follows from the policy's capital haircuts. Returns are to come.",
    ),
    Rule(
        id="CLI-1",
        asks="A professional investor meets a portfolio or asset threshold, on dated evidence.",
        source="Professional Investor Rules, Cap. 571D",
        certainty=Certainty.LIKELY,
        extent="The classification is recorded; its evidence and yearly review come with onboarding.",
    ),
    Rule(
        id="INT-1",
        asks="An effective annual rate above 48 % is unlawful, above 36 % suspect, all charges counted.",
        source="Money Lenders Ordinance, Cap. 163",
        certainty=Certainty.LIKELY,
        extent="No policy above 48 % can be adopted; above 36 % is told apart. Penalties and fees are"
        " arguments of the formula, and no product has any yet.",
    ),
    Rule(
        id="CUS-4",
        asks="Client virtual assets lie with a licensed platform or a regulated custodian.",
        source="SFC terms for intermediaries that deal in virtual assets",
        certainty=Certainty.LIKELY,
        extent="A custodian is registered with a dated licence and keeps only what its kind may keep."
        " Nothing stops at the end of the licence yet.",
    ),
)
