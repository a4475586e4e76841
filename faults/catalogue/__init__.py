"""The catalogue of fault kinds: what each code means, for people and for the machine.

The pages, the REST catalogue, the help centre and the classification of the partners' texts are all drawn from here.
"""

from .connections import CONNECTIONS
from .contacts import CONTACTS
from .documents import DOCUMENTS
from .kind import FaultKind, Partner, PartnerText, Place, Retry, Severity, Step, Subject, Topic, WhoActs
from .mappings import MAPPINGS
from .rest import REST

TOPICS = (CONNECTIONS, DOCUMENTS, CONTACTS, MAPPINGS, REST)

# Where a partner tells several things of one document, the kind that stands first here names its fault.
KINDS: dict[str, FaultKind] = {kind.code: kind for topic in TOPICS for kind in topic.kinds}

__all__ = [
    "KINDS",
    "TOPICS",
    "FaultKind",
    "Partner",
    "PartnerText",
    "Place",
    "Retry",
    "Severity",
    "Step",
    "Subject",
    "Topic",
    "WhoActs",
]
