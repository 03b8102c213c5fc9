"""Why an application goes back to its applicant: the book keeps a code, the applicant reads words."""

from django.utils.translation import gettext_lazy as _

RETURNED = {
    "PAPER-UNREADABLE": _("A paper cannot be read. Send a better copy."),
    "PAPER-MISSING": _("A paper is missing or has run out. Send one that is good today."),
    "DETAILS-DIFFER": _("Somebody's details differ from the paper that proves them."),
    "PEOPLE-INCOMPLETE": _("Somebody is not named who holds, signs for, directs or controls the client."),
    "FIGURES-UNCLEAR": _("What you own and owe is not clear from the papers."),
    "ANSWERS-UNCLEAR": _("Look again at what you said of your knowledge and experience."),
}
"""The codes that the desk chooses from. Any other, such as a case number, says nothing to the applicant."""


def in_words(code: str) -> str:
    """What the applicant is told of why; nothing of a code that is not for applicants."""
    return str(RETURNED.get(code, _("Something has to be changed or added. Write to us and ask what.")))
