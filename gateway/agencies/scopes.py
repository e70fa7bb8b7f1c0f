"""Owns which operations an agency of each kind may ask for, unless registered otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.schemas.codes import AgencyKind, Scope

_REFER = {Scope.REFERRALS_WRITE, Scope.REFERRALS_READ}
_PARTNER = _REFER | {
    Scope.RISK_WRITE,
    Scope.CASES_READ,
    Scope.CASES_WRITE,
    Scope.CONFERENCE_READ,
    Scope.LOG_READ,
    Scope.DIRECTORY_READ,
}
_OWN: Mapping[AgencyKind, set[Scope]] = {
    AgencyKind.COORDINATOR: (_PARTNER | {Scope.CONFERENCE_WRITE}) - {Scope.RISK_WRITE},
    AgencyKind.AUDITOR: {Scope.CASES_READ, Scope.LOG_READ, Scope.DIRECTORY_READ},
    # Shown nothing but its own: it refers, answers what is returned, and sees who read it.
    AgencyKind.OTHER: _PARTNER - {Scope.CASES_READ, Scope.CONFERENCE_READ},
}
SCOPES: Mapping[AgencyKind, frozenset[Scope]] = {
    kind: frozenset(_OWN.get(kind, _PARTNER)) for kind in AgencyKind
}
"""What an agency of each kind may ask for unless its registration says otherwise."""
