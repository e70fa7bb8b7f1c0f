"""What a person does to sign in and out, and an agency's administrator for its people."""

from gateway.flows.people.inviting import (
    Colleague,
    asked_for,
    end_all_of,
    invite,
    invite_administrator,
    invite_first,
    list_colleagues,
)
from gateway.flows.people.proving import (
    Proofs,
    add_passkey,
    ask_for_passkey,
    begin_password,
    list_proofs,
    new_recovery_codes,
    set_password,
)
from gateway.flows.people.signing_in import (
    note_use,
    prove_again,
    sign_in_with_link,
    sign_in_with_passkey,
    sign_in_with_password,
    sign_in_with_recovery,
    sign_out,
    sign_out_everywhere,
)
from gateway.flows.people.signing_on import (
    link_provider,
    prove_with_provider,
    sign_in_with_provider,
)

__all__ = [
    "Colleague",
    "Proofs",
    "add_passkey",
    "ask_for_passkey",
    "asked_for",
    "begin_password",
    "end_all_of",
    "invite",
    "invite_administrator",
    "invite_first",
    "link_provider",
    "list_colleagues",
    "list_proofs",
    "new_recovery_codes",
    "note_use",
    "prove_again",
    "prove_with_provider",
    "set_password",
    "sign_in_with_link",
    "sign_in_with_passkey",
    "sign_in_with_password",
    "sign_in_with_provider",
    "sign_in_with_recovery",
    "sign_out",
    "sign_out_everywhere",
]
