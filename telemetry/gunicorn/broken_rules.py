"""What gunicorn refuses while it parses, as the rules that a client broke."""

from typing import Final

from gunicorn.http import errors

from telemetry.http1 import rules
from telemetry.http1.rules import BrokenRule, Rule

_RULES: Final[dict[type[Exception], Rule]] = {
    errors.LimitRequestLine: rules.LINE_LENGTH,
    errors.LimitRequestHeaders: rules.FIELDS_SIZE,
    errors.ExpectationFailed: rules.EXPECTATION,
    errors.UnsupportedTransferCoding: rules.CODING_UNKNOWN,
    errors.ObsoleteFolding: rules.FOLDING,
    errors.InvalidHeaderName: rules.FIELD_NAME,
    errors.InvalidRequestMethod: rules.REQUEST_LINE,
    errors.InvalidHTTPVersion: rules.VERSION,
    errors.InvalidSchemeHeaders: rules.SCHEME,
    errors.ForbiddenProxyRequest: rules.PROXY_FORBIDDEN,
    errors.InvalidProxyLine: rules.PROXY_LINE,
    errors.InvalidProxyHeader: rules.PROXY_LINE,
    # Raised where the path is not below the SCRIPT_NAME of a proxy or of the environment.
    errors.ConfigurationProblem: rules.SCRIPT_NAME,
}
_APP_ERRORS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
_HEADERS: Final = {
    "bare LF as line terminator": rules.LINE_END,
    "CONTENT-TYPE": rules.REPEATED,
    "HOST": rules.HOST_REPEATED,
}


def broken_rule(error: BaseException) -> Rule | None:
    """Return the rule that a request broke; ``None`` for what is no mistake of the client's.

    Args:
        error: Raised while the request was parsed.
    """
    if isinstance(error, BrokenRule):
        return error.rule
    if isinstance(error, _APP_ERRORS) or not isinstance(error, errors.ParseException):
        return None
    if isinstance(error, errors.InvalidRequestLine | errors.InvalidHeader):
        header = error.hdr if isinstance(error, errors.InvalidHeader) else error.req
        return _HEADERS.get(header, rules.UNREADABLE)
    return next(
        (rule for kind, rule in _RULES.items() if isinstance(error, kind)), rules.UNREADABLE
    )
