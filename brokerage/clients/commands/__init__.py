"""Every way to change what the clients room knows."""

from .agreements import keeping_text, publish_agreement, sign_agreement
from .application import (
    give_answers,
    give_finances,
    name_party,
    refuse_application,
    remove_party,
    return_application,
    start_application,
    submit_application,
    withdraw_application,
)
from .approval import approve_application, record_first_transfer
from .assessment import assess_applicant_credit, assess_knowledge, classify_applicant, identify_person
from .authority import end_authority, grant_authority
from .invitation import invite_party, invite_person
from .person import erase_person, hold_person, record_person, release_person, store_document
from .status import change_status, open_client
from .tax import certify_tax

__all__ = (
    "approve_application",
    "assess_applicant_credit",
    "assess_knowledge",
    "certify_tax",
    "change_status",
    "classify_applicant",
    "end_authority",
    "erase_person",
    "give_answers",
    "give_finances",
    "grant_authority",
    "hold_person",
    "identify_person",
    "invite_party",
    "invite_person",
    "keeping_text",
    "name_party",
    "open_client",
    "publish_agreement",
    "record_first_transfer",
    "record_person",
    "refuse_application",
    "release_person",
    "remove_party",
    "return_application",
    "sign_agreement",
    "start_application",
    "store_document",
    "submit_application",
    "withdraw_application",
)
