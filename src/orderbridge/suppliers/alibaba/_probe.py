"""What an account can do, in words a merchant understands."""

from __future__ import annotations

from ...adapters import Access, Finding, Flow, Response, raise_for_status
from ...errors import AnswerError, Forbidden, Malformed, RateLimited, Unauthorized, Unavailable
from ._call import ask, get, packed
from ._failures import answered, error_of, failure_in
from ._wire import ListAnswer, said

# No product has this number: what matters is whether the app may ask.
_NO_PRODUCT = "1"


def look(identity: str) -> Flow[Access]:
    """Ask for one order and one product; nothing is changed."""
    response = yield ask("/alibaba/order/list", role="buyer", start_page="0", page_size="1")
    findings = [_of_orders(response)]
    if findings[0].ok:
        query = packed({"product_id": _NO_PRODUCT, "country": "US", "ship_to_country": "US"})
        response = yield get("/eco/buyer/product/description", query_req=query)
        findings.append(_of_products(response))
    return Access(identity=identity, findings=tuple(findings))


def _of_orders(response: Response) -> Finding:
    try:
        count = said(answered(ListAnswer, response).value.total_count)
    except AnswerError as error:
        return Finding(ok=False, what=f"orders: {error.message}", fix=_fix(error))
    return Finding(ok=True, what=f"the account answers and has {count or 'an unknown number of'} orders")


def _of_products(response: Response) -> Finding:
    try:
        raise_for_status(response)
        failure = failure_in(response.body)
        # Any other failure says that it may be asked, and that there is no such product.
        error = None if failure is None else error_of(failure)
    except AnswerError as wrong:
        error = wrong
    if isinstance(error, (Forbidden, Unauthorized, Unavailable, Malformed)):
        return Finding(ok=False, what=f"products: {error.message}", fix=_fix(error))
    return Finding(ok=True, what="the app may read products")


def _fix(error: AnswerError) -> str:
    if isinstance(error, Forbidden):
        return (
            "in the App Console of openapi.alibaba.com, ask for the permission packages for buyers, products "
            "and transactions; the buyer's account has to be registered outside of mainland China"
        )
    if isinstance(error, Unauthorized):
        return (
            "copy app_key and app_secret from the App Console; see that this machine's clock is right; then "
            "let the app in again and put the new code or refresh_token into the settings"
        )
    if isinstance(error, (RateLimited, Unavailable)):
        return "try again later"
    return "see that base_url is Alibaba.com's gateway"
