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
        extent="Onboarding assesses credit on a net worth whose prices have fallen, and refuses a limit whose"
        " only ground is financing. A client's limits together stay within it, but for a waiver (SMF-4); one"
        " that is later assessed for less comes up for review.",
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
        id="PERP-8",
        asks="Knowledge of derivatives is assessed, and their risks disclosed, before access.",
        source="SFC circular on perpetual contracts",
        certainty=Certainty.LIKELY,
        extent="Assessed at onboarding, for everybody. Perpetual contracts are not in the product yet.",
    ),
    Rule(
        id="SMF-2",
        asks="Related clients and correlated collateral are added up, and both are limited.",
        source=_SMF,
        certainty=Certainty.LIKELY,
        extent="Collateral: related names merge before the caps. Clients are grouped, not yet added up.",
    ),
    Rule(
        id="SMF-4",
        asks="Going beyond a limit needs a written risk assessment and the management's approval.",
        source=_SMF,
        certainty=Certainty.LIKELY,
        extent="A limit beyond the credit assessment rests on a named waiver and takes a second person, as"
        " any limit does from a house threshold on.",
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
        extent="No applicant is classified beyond the evidence, virtual assets not counted; once the yearly"
        " review is overdue the client counts as retail.",
    ),
    Rule(
        id="CLI-2",
        asks="Individual professionals keep suitability; a company may waive it, assessed and with consent.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="The waiver is refused otherwise, and the outcome is recorded. Advice is not in the product.",
    ),
    Rule(
        id="CLI-3",
        asks="Knowledge of virtual assets comes from training, work or trades; the enquiry is recorded.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="Nobody becomes a client unassessed; who knows nothing of virtual assets buys none.",
    ),
    Rule(
        id="CLI-4",
        asks="A retail client's exposure to virtual assets is limited against net worth.",
        source="house rulebook, section 5; the share is the house's own",
        certainty=Certainty.UNKNOWN,
        extent="Each credit assessment of a retail client sets the limit; a purchase beyond it is refused.",
    ),
    Rule(
        id="CLI-5",
        asks="Online opening: signed agreement, proof of identity, HK$10,000 from one's own local bank.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="No application is approved without them; the bank account is designated. Later flows are not"
        " compared with it yet.",
    ),
    Rule(
        id="CLI-6",
        asks="Due diligence before the client is taken on, and on transactions above thresholds.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="Everybody in an application, who is let act later and every attorney is identified by a"
        " paper, again whenever details change in an application. A review that is set is put off by"
        " nothing but doing it. A daily job alerts compliance to each deposit or withdrawal from HK$8,000"
        " on, to each part that adds up to it with others, and to what has no price; to none twice.",
    ),
    Rule(
        id="CLI-9",
        asks="Records are kept for at least seven years.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="The book is never deleted. A person's data is not erased before seven years after the last"
        " relationship ended, which nothing moves once a client is closed, nor under a legal hold; an"
        " application counts once it was handed in. Texts about complaints, alerts and cases go seven years"
        " after each ended.",
    ),
    Rule(
        id="CLI-10",
        asks="Everybody is screened against sanctions and PEP lists; the result names the list's version.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="A hit freezes the clients that the person acts for, is, runs, owns or benefits from, until"
        " two people clear it, match by match; two confirm it. Whose match is confirmed is let act for"
        " nobody, and two people lift the hold once he left. No later list and no changed record lifts"
        " it, and who acts for a client changes the own record through the firm only. How alike names"
        " must be is the house's own.",
    ),
    Rule(
        id="CLI-11",
        asks="A new sanctions list rescreens every client.",
        source="SFC circular 18EC22",
        certainty=Certainty.PRIMARY,
        extent="Adopting a list asks for a run over everybody's record; nobody counts as clear before.",
    ),
    Rule(
        id="CLI-12",
        asks="An alert leads to a case, a case to a report or its closure, and nobody is tipped off.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="Restricted streams that no client's stream names; two people close without a report. What a"
        " stopped client asks for is refused in the same words whatever stopped it.",
    ),
    Rule(
        id="CLI-13",
        asks="Joint holders, corporate mandates and attorneys act as agreed; death and bankruptcy freeze.",
        source="house rulebook, section 5",
        certainty=Certainty.LIKELY,
        extent="Agreements take every joint holder and as many signatories as the mandate asks, and as many"
        " stay. Who is behind a client changes by an amendment that as many agree to, and brings back"
        " nobody who was stopped since it was begun. The entity that is the client signs for itself by"
        " human beings alone. The firm mails a login to no address that another client typed. Where"
        " several sign together, one alone gives no standing authority and waives nothing, an attorney"
        " neither; signing an instruction jointly is not in the product yet. Holds by court, death,"
        " bankruptcy and winding-up; who died or is insolvent is let act for nobody, nor anybody for a"
        " closed client. Attorneys on a holder's paper that nothing else rests on, until a date, its"
        " giver's death, or until he holds the client no more.",
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
        id="AST-2",
        asks="A standing authority is written, says how it is revoked, and lasts twelve months at most for a"
        " non-professional; silence renews it only after a notice delivered fourteen days before, and no"
        " objection.",
        source="house rulebook, section 6",
        certainty=Certainty.PRIMARY,
        extent="Given by an active client in the portal or on papers of its own that as many signed as the"
        " mandate asks; ended when its holders or its entity change; announced, objected to, renewed,"
        " revoked, lapsed. Nothing is repledged yet.",
    ),
    Rule(
        id="CMP-1",
        asks="Complaints are registered, acknowledged, answered and closed in time.",
        source="house rulebook, section 6; the days are the house's own",
        certainty=Certainty.LIKELY,
        extent="A register with due dates; its words are sealed.",
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
