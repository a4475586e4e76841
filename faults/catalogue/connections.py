"""Trouble with a connection, and not with a document: one fault for the account and partner."""

from .kind import FaultKind, Partner, PartnerText, Place, Retry, Severity, Step, Subject, Topic, WhoActs

SYNC_STOPPED = FaultKind(
    code="sync-stopped",
    title="My sync has stopped",
    what_happened="No run of this account has finished for three intervals, although the account is not paused.",
    what_it_means="New invoices stay in Autotask until the sync runs again. Nothing is lost: they are picked up then.",
    steps=(
        Step("See which check below fails: the connections, the last run, the next one."),
        Step("Where Xero or Autotask is disconnected, connect it again.", Place.CONNECTIONS),
        Step("Where a partner is down, wait: the sync starts by itself once it answers."),
        Step("Where every check passes and it still stands, tell us.", Place.SUPPORT),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.CRITICAL,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.NONE,
)

ACCESS_TOKEN_EXPIRED = FaultKind(
    code="access-token-expired",
    title="The access token has expired",
    what_happened="Xero no longer accepted the key it gave us for half an hour, and asking for a new one did not help.",
    what_it_means="Documents for Xero wait. A new key is asked for at each try.",
    steps=(
        Step("Nothing, at first: the key is renewed by itself."),
        Step("If it goes on for more than an hour, reconnect Xero.", Place.CONNECTIONS),
    ),
    who_acts=WhoActs.NOBODY,
    severity=Severity.WARNING,
    retry=Retry.BACKOFF,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("TokenExpired"),
        PartnerText("TokenExpired: {_}"),
        PartnerText("The access token has expired"),
    ),
)

SERVICE_UNAVAILABLE = FaultKind(
    code="service-unavailable",
    title="Xero or Autotask is unavailable (503)",
    what_happened="The partner answered that its service is down, overloaded or in maintenance.",
    what_it_means="Everything for that partner waits, and goes on by itself once it answers again.",
    steps=(
        Step("Nothing: it is tried again with growing waits."),
        Step("If it lasts for hours, look at the partner’s status page.", Place.XERO_STATUS),
    ),
    who_acts=WhoActs.NOBODY,
    severity=Severity.WARNING,
    retry=Retry.BACKOFF,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("HTTP Error 503. The service is unavailable"),
        PartnerText("The service is unavailable"),
        PartnerText("Service Unavailable"),
        PartnerText("The organisation is offline"),
        PartnerText("The organisation for this access token is offline{_}"),
        PartnerText("An unhandled error with the Xero API occurred{_}"),
        PartnerText("Service Unavailable", Partner.AUTOTASK),
        PartnerText("{_}service is unavailable{_}", Partner.AUTOTASK),
        PartnerText("{_}under maintenance{_}", Partner.AUTOTASK),
    ),
)

AUTOTASK_TIMEOUT = FaultKind(
    code="autotask-timeout",
    title="Timeout connecting to Autotask",
    what_happened="Autotask did not answer in time.",
    what_it_means="Nothing was changed in either system. The same request is made again later.",
    steps=(
        Step("Nothing: it is tried again with growing waits."),
        Step("If it lasts for hours, look at Autotask’s status page.", Place.AUTOTASK_STATUS),
    ),
    who_acts=WhoActs.NOBODY,
    severity=Severity.WARNING,
    retry=Retry.BACKOFF,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("{_}timeout expired{_}", Partner.AUTOTASK),
        PartnerText("{_}timed out{_}", Partner.AUTOTASK),
        PartnerText("{_}execution timeout{_}", Partner.AUTOTASK),
        PartnerText("{_}gateway timeout{_}", Partner.AUTOTASK),
    ),
)

XERO_UNREACHABLE = FaultKind(
    code="xero-unreachable",
    title="Error connecting to Xero",
    what_happened="The connection to Xero could not be opened, or broke before an answer came.",
    what_it_means="Before anything is sent again we make sure that it did not arrive before, so nothing is doubled.",
    steps=(
        Step("Nothing: it is tried again with growing waits."),
        Step("If it lasts for hours, look at Xero’s status page.", Place.XERO_STATUS),
    ),
    who_acts=WhoActs.NOBODY,
    severity=Severity.WARNING,
    retry=Retry.BACKOFF,
    subject=Subject.CONNECTION,
    partner_texts=(PartnerText("Error connecting to Xero"),),
)

RATE_LIMITED = FaultKind(
    code="rate-limited",
    title="Xero’s limit of calls is reached",
    what_happened="Xero allows so many calls a minute and a day to one organisation, and they are used up.",
    what_it_means="What is left goes as soon as Xero opens again; for the daily limit that can be tomorrow.",
    steps=(
        Step("Nothing: it goes on by itself at the time shown."),
        Step("If it happens often, see which other apps use this Xero organisation.", Place.CONNECTIONS),
    ),
    who_acts=WhoActs.NOBODY,
    severity=Severity.WARNING,
    retry=Retry.BACKOFF,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("{_}rate limit{_}exceeded{_}"),
        PartnerText("{_}too many requests{_}"),
    ),
)

AUTOTASK_THRESHOLD = FaultKind(
    code="autotask-threshold",
    title="Autotask’s limit of calls is reached",
    what_happened="All integrations of your Autotask together have used the calls that it allows in an hour.",
    what_it_means="Autotask answers none of them until the use falls. The sync goes on by itself then.",
    steps=(
        Step("Nothing: it goes on by itself within the hour."),
        Step("If it happens often, see which other integrations use your Autotask, and slow them down."),
    ),
    who_acts=WhoActs.NOBODY,
    severity=Severity.WARNING,
    retry=Retry.BACKOFF,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("{_}thread threshold{_}", Partner.AUTOTASK),
        PartnerText("{_}Itgenatr005{_}", Partner.AUTOTASK),
        PartnerText("{_}request threshold{_}", Partner.AUTOTASK),
        PartnerText("{_}exceeded the {_} threshold{_}", Partner.AUTOTASK),
        PartnerText("{_}too many requests{_}", Partner.AUTOTASK),
    ),
)

XERO_DISCONNECTED = FaultKind(
    code="xero-disconnected",
    title="Xero is disconnected",
    what_happened="Xero no longer lets Cloud Depot into this organisation.",
    what_it_means="Nothing reaches Xero until someone signs in again. What is waiting goes then, once each.",
    steps=(
        Step("Reconnect Xero, and choose the same organisation.", Place.CONNECTIONS),
        Step("Where Xero refuses, check that the user still belongs to the organisation.", Place.XERO_USERS),
    ),
    who_acts=WhoActs.CUSTOMER_RECONNECT,
    severity=Severity.CRITICAL,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("AuthenticationUnsuccessful"),
        PartnerText("invalid_grant"),
    ),
)

XERO_PERMISSION = FaultKind(
    code="xero-permission",
    title="Xero does not permit this",
    what_happened="The Xero user who connected has not given, or no longer has, the permission for what was asked.",
    what_it_means="Documents for this organisation wait until Xero is connected by a user who may do it.",
    steps=(
        Step(
            "Give the user the Standard or Adviser role in Xero, or choose another user who has it.", Place.XERO_USERS
        ),
        Step("Reconnect Xero as that user, and allow everything that is asked for.", Place.CONNECTIONS),
    ),
    who_acts=WhoActs.CUSTOMER_RECONNECT,
    severity=Severity.CRITICAL,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("AuthorizationUnsuccessful"),
        PartnerText("AuthorisationUnsuccessful"),
        PartnerText("insufficient_scope"),
    ),
)

AUTOTASK_LOGIN_REFUSED = FaultKind(
    code="autotask-login-refused",
    title="Autotask refuses the log-in",
    what_happened="Autotask does not accept the API user’s name, secret or tracking identifier.",
    what_it_means="No invoice can be read. We stop trying, because too many tries would lock the user.",
    steps=(
        Step("Check in Autotask that the API user is active and not locked.", Place.AUTOTASK_API_USER),
        Step("Generate a new key and secret there, and save."),
        Step("Enter both under Connections; they are tested before they are kept.", Place.CONNECTIONS),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.CRITICAL,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("Zone information could not be determined{_}", Partner.AUTOTASK),
        PartnerText("{_}integration code{_}", Partner.AUTOTASK),
        PartnerText("{_}IntegrationCode{_}", Partner.AUTOTASK),
        PartnerText("{_}tracking identifier{_}", Partner.AUTOTASK),
        PartnerText("{_}user is locked{_}", Partner.AUTOTASK),
        PartnerText("{_}password has expired{_}", Partner.AUTOTASK),
        PartnerText("{_}invalid username{_}", Partner.AUTOTASK),
        PartnerText("{_}invalid user name{_}", Partner.AUTOTASK),
        PartnerText("{_}username and/or password{_}", Partner.AUTOTASK),
        PartnerText("{_}unable to authenticate{_}", Partner.AUTOTASK),
    ),
)

AUTOTASK_NOT_PERMITTED = FaultKind(
    code="autotask-not-permitted",
    title="The Autotask API user lacks a permission",
    what_happened="Autotask let the API user in, and refused what was asked: its security level does not allow it.",
    what_it_means="What it may not see cannot be carried. What it may see goes on.",
    steps=(
        Step("Set the API user’s security level to “API User (system)”.", Place.AUTOTASK_API_USER),
        Step("Associate it with all lines of business."),
        Step("Test the connection.", Place.CONNECTIONS),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.CRITICAL,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONNECTION,
    partner_texts=(
        PartnerText("{_}not have permission{_}", Partner.AUTOTASK),
        PartnerText("{_}not have the permission{_}", Partner.AUTOTASK),
        PartnerText("{_}not have adequate permission{_}", Partner.AUTOTASK),
        PartnerText("{_}not have the adequate permission{_}", Partner.AUTOTASK),
        PartnerText("{_}not have access{_}", Partner.AUTOTASK),
        PartnerText("{_}insufficient permission{_}", Partner.AUTOTASK),
        PartnerText("{_}not permitted{_}", Partner.AUTOTASK),
        PartnerText("{_}not authorized{_}", Partner.AUTOTASK),
    ),
)

CONNECTIONS = Topic(
    "Connections",
    (
        SYNC_STOPPED,
        ACCESS_TOKEN_EXPIRED,
        SERVICE_UNAVAILABLE,
        AUTOTASK_TIMEOUT,
        XERO_UNREACHABLE,
        RATE_LIMITED,
        AUTOTASK_THRESHOLD,
        XERO_DISCONNECTED,
        XERO_PERMISSION,
        AUTOTASK_LOGIN_REFUSED,
        AUTOTASK_NOT_PERMITTED,
    ),
)
