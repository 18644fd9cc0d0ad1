"""What Schemathesis cannot make up: the password of an account. Every second login that is meant to succeed brings that of the guest."""

import schemathesis
from schemathesis import GenerationMode

from tests.contract.people import GUEST

LOGIN = "/api/v1/auth/login"


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """By what was made up, not by chance: a case that is made again is the same."""
    made_up = case.body if isinstance(case.body, dict) else {}
    wanted = case.path == LOGIN and case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if wanted and len(str(made_up.get("password"))) % 2:
        case.body = dict(GUEST)
    return case
