"""How the Alibaba.com adapter lays calls out, signs them, logs in, and reads what comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from in_alibaba import SHOPPER, START, Account, sent
from orderbridge import errors
from orderbridge._http import Call, Headers, Read, Request, Response
from orderbridge._model import Money, Secret
from orderbridge.adapters import (
    Confirmed,
    Refusal,
    Refused,
    Repeat,
    Throttled,
    Token,
    Unknown,
    Verdict,
    Write,
    decode_bytes,
)
from orderbridge.errors import ConfigurationError, Malformed
from orderbridge.suppliers.alibaba import PLATFORM, AlibabaAdapter, Settings
from orderbridge.suppliers.alibaba._address import for_order, telephone
from orderbridge.suppliers.alibaba._call import ask, get, milliseconds, moment, signature
from orderbridge.suppliers.alibaba._failures import answered, failure_in
from orderbridge.suppliers.alibaba._wire import (
    CreateAnswer,
    FreightAnswer,
    ListAnswer,
    LogisticsAnswer,
    PaymentAnswer,
    ProductAnswer,
    Sum,
    TokenAnswer,
    days,
    money,
    number,
    said,
)

PAYLOADS = Path(__file__).parents[1].parent / "shared/payloads/alibaba"
recorded = pytest.mark.skipif(not PAYLOADS.exists(), reason="the recorded answers are not here")

SETTINGS = Settings(app_key="12345678", app_secret=Secret("helloworld"), refresh_token=Secret("r-1"))
ALIBABA = AlibabaAdapter(SETTINGS)
CREATE = Write("create", Request("POST", "/buynow/order/create"), unknown=Repeat())


def answer(body: object, status: int = 200, **headers: str) -> Response:
    return Response(status, headers=Headers(headers), body=json.dumps(body).encode())


def sample(name: str) -> Response:
    return Response(200, body=(PAYLOADS / "official_docs_samples" / name).read_bytes())


def judged(body: object, *, step: str = "create", status: int = 200, **headers: str) -> Verdict:
    write = Write(step, Request("POST", "/x"), unknown=Repeat())
    return ALIBABA.judge(write, answer(body, status, **headers))


# --- signing ------------------------------------------------------------------------------------


@recorded
@pytest.mark.parametrize("name", ["path-style", "method-style"])
def test_the_published_signatures_come_out(name: str) -> None:
    vectors = json.loads((PAYLOADS / "sign/vectors.json").read_text())
    vector = next(vector for vector in vectors if vector["name"].startswith(name))
    assert signature(Secret(vector["secret"]), vector["api"], vector["params"]) == vector["sign"]


def test_the_first_published_signature_comes_out_of_a_whole_call() -> None:
    """The path without ``/rest``, all parameters of the form, the time in milliseconds."""
    call = Call(
        "POST",
        "https://openapi-api.alibaba.com/rest/auth/token/create",
        body=b"code=3_500102_JxZ05Ux3cnnSSUm6dCxYg6Q26",
    )
    now = datetime(2018, 2, 5, 8, 46, 32, tzinfo=UTC)
    signed = sent(PLATFORM.auth(SETTINGS).sign(call, now=now, nonce="n", token=None))
    assert signed["timestamp"] == "1517820392000"
    assert signed["sign"] == "35607762342831B6A417A0DED84B79C05FEFBF116969C48AD6DC00279A9F4D81"


def test_a_form_is_signed_in_its_body_and_its_address_shows_nothing() -> None:
    signed = signed_call(ask("/order/freight/calculate", address='{"zip":"20121"}'))
    assert not urlsplit(signed.url).query
    assert sent(signed)["access_token"] == "a-1"
    assert "a-1" not in repr(signed)


def test_products_are_asked_for_in_the_address_as_they_answer_to_nothing_else() -> None:
    signed = signed_call(get("/eco/buyer/product/description", query_req='{"product_id":"1 2"}'))
    assert signed.method == "GET"
    assert sent(signed)["query_req"] == '{"product_id":"1 2"}'
    assert not signed.body


names = st.text(st.characters(min_codepoint=97, max_codepoint=122) | st.just("_"), min_size=1, max_size=8)
values = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable())


@given(st.dictionaries(names, values, max_size=5))
def test_exactly_what_is_sent_is_signed(params: dict[str, str]) -> None:
    """Whoever takes the call apart and signs what he finds comes to the same signature."""
    ours = {"app_key", "sign_method", "timestamp", "access_token", "sign"}
    params = {name: value for name, value in params.items() if name not in ours}
    for request in (ask("/a/b", **params), get("/a/b", **params)):
        found = sent(signed_call(request))
        said_to_be = found.pop("sign")
        assert {name: found[name] for name in params} == params
        assert said_to_be == signature(SETTINGS.app_secret, "/a/b", found)


def test_empty_parameters_are_not_sent() -> None:
    """Clients differ on whether they are signed."""
    assert parse_qs(ask("/x", a="", b="1").body.decode(), keep_blank_values=True) == {"b": ["1"]}
    assert get("/x", a="", b="1").params == (("b", "1"),)


def test_names_are_signed_in_the_order_of_their_bytes() -> None:
    """An underscore comes before small letters, whatever a language makes of it."""
    one = signature(Secret("s"), "/x", {"a_b": "1", "ab": "2"})
    assert one == signature(Secret("s"), "/xa_b1ab2", {})


def signed_call(read: Read) -> Call:
    url = SETTINGS.base_url + read.path + (f"?{read.query}" if read.query else "")
    call = Call(read.method, url, headers=read.headers, body=read.body)
    return PLATFORM.auth(SETTINGS).sign(call, now=START, nonce="", token=Token(Secret("a-1")))


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"app_key": " "}, "app_key"),
        ({"app_secret": Secret("")}, "app_secret"),
        ({"refresh_token": Secret("")}, "refresh_token"),
        ({"code": Secret("c")}, "refresh_token"),
        ({"dispatch": "China"}, "dispatch"),
        ({"statuses": {"x": "NOWHERE"}}, "statuses"),
        ({"base_url": "openapi-api.alibaba.com"}, "base_url"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object], named: str) -> None:
    good: dict[str, object] = {
        "app_key": "1",
        "app_secret": Secret("s"),
        "refresh_token": Secret("r"),
    }
    with pytest.raises(ConfigurationError, match=named):
        Settings(**{**good, **wrong})  # type: ignore[arg-type]  # on purpose


def test_an_empty_webhook_secret_is_named_because_anybody_could_sign_with_it() -> None:
    with pytest.raises(ConfigurationError, match="webhook_secrets"):
        Settings(
            app_key="1", app_secret=Secret("s"), refresh_token=Secret("r"), webhook_secrets=(Secret(""),)
        )


def test_the_gateway_need_not_be_named_and_no_secret_shows() -> None:
    assert SETTINGS.base_url == "https://openapi-api.alibaba.com/rest"
    assert "helloworld" not in repr(SETTINGS)
    assert "r-1" not in repr(PLATFORM.auth(SETTINGS))


# --- logging in ---------------------------------------------------------------------------------


def login(token: Token | None, *answers: Response, settings: Settings = SETTINGS) -> tuple[Token, list[Read]]:
    flow = PLATFORM.auth(settings).refresh(token, now=START)
    reads, queue = [next(flow)], list(answers)
    while True:
        try:
            reads.append(flow.send(queue.pop(0)))
        except StopIteration as stop:
            assert not queue
            return cast("Token", stop.value), reads


def form_of(read: Read) -> dict[str, str]:
    return dict(parse_qsl(read.body.decode()))


def granted(**changes: object) -> Response:
    return answer(
        {
            "code": "0",
            "access_token": "a-2",
            "refresh_token": "r-2",
            "expires_in": "864000",
            "refresh_expires_in": "5184000",
            "account_id": "7063844",
            "account": "buyer@example.com",
            "user_info": {"loginId": "buyer123", "user_id": "200042362"},
            **changes,
        }
    )


ENDED = {"type": "ISV", "code": "IllegalAccessToken", "message": "expired", "request_id": "1"}


def test_a_token_of_ten_days_is_renewed_when_less_than_one_is_left() -> None:
    token, _ = login(Token(Secret("a-1"), refresh=Secret("r-1")), granted())
    assert token.expires_at == START + timedelta(days=9)
    assert (token.access.reveal(), cast("Secret", token.refresh).reveal()) == ("a-2", "r-2")


def test_the_first_token_comes_by_the_refresh_token_of_the_settings() -> None:
    _, [read] = login(None, granted())
    assert (read.path, form_of(read)["refresh_token"]) == ("/auth/token/refresh", "r-1")
    params = form_of(read)
    sign = params.pop("sign")
    assert sign == signature(SETTINGS.app_secret, "/auth/token/refresh", params)
    assert params["timestamp"] == str(milliseconds(START))


def test_the_first_token_comes_by_a_code_where_the_settings_have_one() -> None:
    settings = Settings(app_key="1", app_secret=Secret("s"), code=Secret("c-1"))
    _, [read] = login(None, granted(), settings=settings)
    assert (read.path, form_of(read)["code"]) == ("/auth/token/create", "c-1")
    _, [read] = login(Token(Secret("a"), refresh=Secret("r-9")), granted(), settings=settings)
    assert form_of(read)["refresh_token"] == "r-9"


def test_where_the_newest_refresh_token_is_refused_that_of_the_settings_is_tried() -> None:
    _, reads = login(Token(Secret("a"), refresh=Secret("r-9")), answer(ENDED), granted())
    assert [form_of(read)["refresh_token"] for read in reads] == ["r-9", "r-1"]


@pytest.mark.parametrize("code", ["AppCallLimit", "ServiceTimeout", "IncompleteSignature", "InvalidAppKey"])
def test_a_refusal_that_is_not_about_the_token_uses_up_no_other_token(code: str) -> None:
    with pytest.raises(errors.AnswerError):
        login(Token(Secret("a"), refresh=Secret("r-9")), answer({**ENDED, "code": code}))


def test_a_refused_login_says_what_to_do_and_repeats_no_token() -> None:
    with pytest.raises(errors.Unauthorized, match="let the app in again") as caught:
        login(None, answer(ENDED))
    assert "r-1" not in str(caught.value)


def test_a_token_that_cannot_be_renewed_has_no_refresh_token() -> None:
    token, _ = login(None, granted(refresh_expires_in="0"))
    assert token.refresh is None


@pytest.mark.parametrize("named", ["buyer@example.com", "7063844", "BUYER123", ""])
def test_the_account_may_be_named_by_any_of_its_names(named: str) -> None:
    settings = Settings(app_key="1", app_secret=Secret("s"), refresh_token=Secret("r"), account=named)
    token, _ = login(None, granted(), settings=settings)
    assert token.access.reveal() == "a-2"


def test_a_token_of_another_account_is_refused() -> None:
    settings = Settings(app_key="1", app_secret=Secret("s"), refresh_token=Secret("r"), account="other")
    with pytest.raises(errors.Unauthorized, match="another account"):
        login(None, granted(), settings=settings)


TOKEN = {"code": "0", "access_token": "a"}


@pytest.mark.parametrize(
    "body", [{"code": "0"}, {**TOKEN, "expires_in": "soon"}, {**TOKEN, "expires_in": "9" * 12}]
)
def test_an_answer_without_a_token_is_malformed_and_not_repeated(body: object) -> None:
    with pytest.raises(Malformed, match="no token came"):
        login(None, answer(body))


def test_the_simulated_gateway_takes_the_login_and_spoils_the_token_before() -> None:
    account = Account()
    flow = PLATFORM.auth(account.settings).refresh(None, now=account.now)
    response = account.exchange(next(flow), signed=False)
    with pytest.raises(StopIteration) as stop:
        flow.send(response)
    account.token = cast("Token", stop.value.value)
    assert account.run(account.adapter.probe()).findings[0].ok


def test_an_ended_token_is_known_by_the_gateways_word_alone() -> None:
    auth = PLATFORM.auth(SETTINGS)
    assert auth.expired(answer(ENDED))
    assert not auth.expired(answer({"code": "0", "value": {}}))
    assert not auth.expired(answer({**ENDED, "code": "IncompleteSignature"}))
    assert not auth.expired(Response(401, body=b"<html>"))


# --- times --------------------------------------------------------------------------------------


def test_both_ways_to_write_a_moment_mean_the_same_in_winter_and_summer() -> None:
    winter, summer = datetime(2026, 1, 2, 3, tzinfo=UTC), datetime(2026, 7, 2, 3, tzinfo=UTC)
    assert json.loads(moment(winter)) == {
        "date_str": "2026-01-01 19:00:00",
        "date_timestamp": "1767322800000",
    }
    assert json.loads(moment(summer))["date_str"] == "2026-07-01 20:00:00"


def test_in_the_hour_that_comes_twice_a_span_is_made_longer_at_both_ends() -> None:
    for minutes in (510, 570):  # 1:30 in summer time, and 1:30 again
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        begins, ends = json.loads(moment(at)), json.loads(moment(at, is_end=True))
        assert begins["date_timestamp"] == str(milliseconds(at - timedelta(hours=1)))
        assert ends["date_timestamp"] == str(milliseconds(at + timedelta(hours=1)))


@given(st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_the_span_between_two_moments_never_shrinks(at: datetime) -> None:
    begins, ends = json.loads(moment(at)), json.loads(moment(at, is_end=True))
    assert int(begins["date_timestamp"]) <= milliseconds(at) <= int(ends["date_timestamp"])
    assert begins["date_str"] <= ends["date_str"]


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, "", " ", "null", "NULL"])
def test_the_word_null_is_nothing(nothing: str | None) -> None:
    assert said(nothing) == ""


@given(st.decimals(min_value=0, max_value=Decimal(10) ** 20, places=4))
def test_numbers_come_through_to_the_last_digit(value: Decimal) -> None:
    assert number(f"{value:f}", "$") == value
    assert money(Sum(amount=f"{value:f}", currency="USD"), "$") == Money(value, "USD")


@pytest.mark.parametrize("amount", ["4.87", 4.87, "4.8700"])
def test_an_amount_may_come_as_a_number(amount: object) -> None:
    body = json.dumps({"amount": amount, "currency": "USD"}).encode()
    assert money(decode_bytes(Sum, body), "$") == Money.of("4.87", "USD")


@pytest.mark.parametrize("wrong", ["1,5", "-1", "1e5", "NaN", "١٢", "1_0", "0x1", "abc", "1.", ".5", True])
def test_what_is_no_number_names_its_place(wrong: str) -> None:
    with pytest.raises(Malformed) as caught:
        number(wrong, "$.value.fee.amount")
    assert caught.value.path == "$.value.fee.amount"


def test_a_wrong_currency_names_its_place() -> None:
    with pytest.raises(Malformed, match=r"\$.value.fee.currency"):
        money(Sum(amount="1", currency="dollars"), "$.value.fee")


@given(st.integers(0, 99), st.integers(0, 99), st.sampled_from(["~", "-", " - ", "–"]))  # noqa: RUF001
def test_days_are_read_however_they_are_joined(least: int, more: int, mark: str) -> None:
    assert days(f"{least}{mark}{least + more}") == (least, least + more)


@given(st.text(max_size=12))
def test_any_text_for_days_is_understood_or_nothing(text: str) -> None:
    found = days(text)
    assert found is None or found[0] <= found[1]


@pytest.mark.parametrize(
    ("text", "found"), [("7", (7, 7)), ("10~15", (10, 15)), ("3-9", (3, 9)), ("9-3", None)]
)
def test_known_words_for_days(text: str, found: tuple[int, int] | None) -> None:
    assert days(text) == found


@pytest.mark.parametrize(
    ("text", "zone", "rest"),
    [
        ("+39 02 7171", "+39", "027171"),
        ("0039 02 7171", "+39", "027171"),
        ("+1 (555) 123", "+1", "555123"),
        ("+353 1 234", "+353", "1234"),
        ("+420 123", "+420", "123"),
        ("(+39) 02 7171", "+39", "027171"),
        ("tel. +39 02 7171", "+39", "027171"),
        ("+44 (0)20 7946", "+44", "207946"),
        ("02 7171", None, "027171"),
    ],
)
def test_a_telephone_number_is_taken_apart_where_it_says_its_country(
    text: str, zone: str | None, rest: str
) -> None:
    assert telephone(text).get("country") == zone
    assert telephone(text)["number"] == rest


def test_an_address_names_its_country_in_words_and_letters_and_uk_is_gb() -> None:
    import attrs

    address = for_order(attrs.evolve(SHOPPER, country="UK"))
    assert (address["country"], address["country_code"]) == ("United Kingdom", "GB")
    assert "" not in address.values()


# --- failures -----------------------------------------------------------------------------------

FAILED = {"type": "ISV", "message": "no", "request_id": "1"}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("IllegalAccessToken", errors.Unauthorized),
        ("IncompleteSignature", errors.Unauthorized),
        ("InvalidAppKey", errors.Unauthorized),
        ("IllegalTimestamp", errors.Unauthorized),
        ("InsufficientPermission", errors.Forbidden),
        ("InsufficientIsvPermissions", errors.Forbidden),
        ("AppCallLimit", errors.RateLimited),
        ("ApiCallLimit", errors.RateLimited),
        ("ServiceCallLimit", errors.RateLimited),
        ("ServiceTimeout", errors.Unavailable),
        ("isp.null-response", errors.Unavailable),
        ("110001", errors.Forbidden),
        ("130703", errors.OutOfStock),
        ("140004", errors.OutOfStock),
        ("4008", errors.NotFound),
        ("10005", errors.NotFound),
        ("130106", errors.NotFound),
        ("430005", errors.Rejected),
        ("SomethingNew", errors.Rejected),
    ],
)
def test_each_failure_of_a_read_is_an_error_of_its_kind(code: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        answered(ListAnswer, answer({**FAILED, "code": code}))
    assert type(caught.value) is error


@pytest.mark.parametrize("kind", ["ISP", "SYSTEM"])
def test_what_broke_on_their_side_is_asked_again(kind: str) -> None:
    with pytest.raises(errors.Unavailable):
        answered(ListAnswer, answer({"type": kind, "code": "ServiceUnavailable"}))


@pytest.mark.parametrize(
    "body",
    [
        {"code": "0", "result": {"success": "false", "msg_code": "130703"}},
        {"code": "0", "result": {"success": False, "msg_code": "130703"}},
        {"code": "0", "result": {"result_code": "130703", "result_msg": "no"}},
        {"code": "0", "result": {"code": "500", "sub_code": "130703", "success": "false"}},
        {"code": "0", "value": {"success": "false", "error_code": "130703"}},
        {"code": "130703", "type": "ISV"},
        {"code": "15", "sub_code": "130703"},
        {"code": 130703},
    ],
)
def test_a_refusal_is_found_wherever_it_hides(body: object) -> None:
    """Below code ``"0"`` too, and in the code or below it."""
    with pytest.raises(errors.OutOfStock):
        answered(ListAnswer, answer(body))
    assert judged(body) == Refused(Refusal.OUT_OF_STOCK, code="130703", message="too few are in stock")


@pytest.mark.parametrize("result", [{"result_code": "200"}, {"result_code": "00"}, {"code": "200"}, {}])
def test_success_has_several_numbers(result: Mapping[str, str]) -> None:
    assert failure_in(json.dumps({"code": "0", "result": {**result, "success": "true"}}).encode()) is None


def test_the_platforms_words_are_not_repeated() -> None:
    """They may quote what was sent."""
    body = {**FAILED, "code": "800022", "message": "address of Quirina Zwetschgenmus is short"}
    with pytest.raises(errors.Rejected) as caught:
        answered(ListAnswer, answer(body))
    assert "Quirina" not in str(caught.value)
    assert "Quirina" not in repr(judged(body))


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"code": "0", "value": {"trade_id": "1"}}, Confirmed()),
        ({**FAILED, "code": "AppCallLimit"}, Throttled(1.0)),
        ({"code": "7", "message": "App call limited, ban will last 26 seconds"}, Throttled(26.0)),
        ({"type": "ISP", "code": "ServiceTimeout"}, Unknown("ISP ServiceTimeout")),
        ({"type": "SYSTEM", "code": "Busy"}, Unknown("SYSTEM Busy")),
        ({**FAILED, "code": "SomethingNew"}, Unknown("ISV SomethingNew")),
        ({"value": {}}, Unknown("code: missing")),
        ({"code": "0", "value": {"trade_id": "null"}}, Unknown("$.value.trade_id: missing")),
        ({"code": "0", "value": "ok"}, Unknown("$.value: Expected `object`, got `str`")),
    ],
)
def test_what_an_answer_to_a_write_proves(body: object, verdict: Verdict) -> None:
    assert judged(body) == verdict


def test_a_write_with_a_token_that_has_just_ended_is_no_refusal() -> None:
    """Another token is got before the next call, as when another process has renewed this one."""
    assert judged({**FAILED, "code": "IllegalAccessToken"}) == Throttled(60.0)
    assert judged({**FAILED, "code": "IllegalAccessToken"}, step="pay") == Throttled(60.0)


@pytest.mark.parametrize("code", ["IncompleteSignature", "InvalidAppKey"])
def test_a_write_turned_away_at_the_gate_was_not_done(code: str) -> None:
    verdict = judged({**FAILED, "code": code})
    assert isinstance(verdict, Refused)
    assert verdict.why is Refusal.UNAUTHORIZED


def test_a_moved_price_is_a_refusal_that_says_quote_again() -> None:
    verdict = judged({"code": "430005", "message": "price changed"})
    assert isinstance(verdict, Refused)
    assert (verdict.why, verdict.code) == (Refusal.INVALID, "430005")
    assert "quoted again" in verdict.message


@pytest.mark.parametrize("status", [301, 400, 404, 409, 500, 502, 503])
def test_no_other_status_proves_anything_of_a_write(status: int) -> None:
    assert judged({"code": "430005"}, status=status) == Unknown(f"HTTP {status}")


def test_too_many_requests_was_not_done() -> None:
    assert judged({}, status=429, **{"retry-after": "20"}) == Throttled(20.0)
    assert judged({}, status=429) == Throttled(None)


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><html></html>", b"", b'{"code":"0","val'])
def test_a_web_page_or_half_an_answer_proves_nothing_of_a_write(body: bytes) -> None:
    assert isinstance(ALIBABA.judge(CREATE, Response(200, body=body)), Unknown)


def test_a_limit_is_learned_from_an_answer_with_status_200() -> None:
    said_so = PLATFORM.meter(answer({**FAILED, "code": "7", "message": "call limited for 26 seconds"}))
    assert said_so is not None
    assert said_so.throttled
    assert (1 - said_so.left) / said_so.per_second == 26
    assert PLATFORM.meter(answer({"code": "0", "value": {}})) is None
    assert PLATFORM.meter(Response(503, body=b"<html>")) is None


# --- paying -------------------------------------------------------------------------------------


def paid(status: str, reason: str = "") -> Verdict:
    value = {"status": status, "reason_code": reason, "pay_url": "https://pay.example/1"}
    return judged({"code": "0", "value": value}, step="pay")


def test_a_payment_that_failed_is_no_success_though_the_call_was_one() -> None:
    verdict = paid("PAY_FAILED", "NEVER_PAY_SUCCESS_IN_DROPSHIPER")
    assert isinstance(verdict, Refused)
    assert (verdict.why, verdict.page) == (Refusal.PAYMENT_REFUSED, "https://pay.example/1")


@pytest.mark.parametrize(
    ("status", "reason"), [("PAY_SUCCESS", ""), ("PAYING", ""), ("PAY_FAILED", "ORDER_HAVE_PAID")]
)
def test_a_payment_made_under_way_or_made_before_is_not_made_again(status: str, reason: str) -> None:
    assert paid(status, reason) == Confirmed()


@pytest.mark.parametrize(
    ("status", "reason"), [("PAY_FAILED", "50006"), ("PAY_FAILED", ""), ("UNPAY", ""), ("", "")]
)
def test_a_failed_payment_without_an_explained_reason_proves_nothing(status: str, reason: str) -> None:
    assert isinstance(paid(status, reason), Unknown)


def test_a_payment_refused_for_its_amount_was_not_made() -> None:
    assert isinstance(paid("PAY_FAILED", "480006"), Refused)


# --- the documentation's own samples ------------------------------------------------------------


@recorded
def test_the_documented_answers_are_understood() -> None:
    product = answered(ProductAnswer, sample("product_description.response.json")).result.result_data
    assert product is not None
    assert said(product.eCompanyId) == "xxxxxxxxx"
    [way] = answered(FreightAnswer, sample("order_freight_calculate.response.json")).value or []
    assert (way.vendor_code, days(way.delivery_time)) == (
        "seller_oversea_distributor_sellers_shipping_method_1",
        (3, 9),
    )
    rows = answered(ListAnswer, sample("order_list.response.json")).value
    assert [row.trade_id for row in rows.order_list or []] == ["271207727001028893"]
    assert answered(CreateAnswer, sample("buynow_order_create.response.json")).value.trade_id == "12345321"
    logistics = answered(LogisticsAnswer, sample("order_logistics_query.response.json")).value
    assert logistics is not None
    assert logistics.logistic_status == "CONFIRM_RECEIPT"
    failed = answered(PaymentAnswer, sample("order_pay_result_query.response_failed.json")).value
    assert (failed.status, failed.reason_code) == ("PAY_FAILED", "50006")
    assert answered(TokenAnswer, sample("token_create.response.json")).expires_in == "864000"


@recorded
def test_the_documented_failures_are_failures() -> None:
    for name in ("error_gateway.response.json", "error_signature.response.json"):
        with pytest.raises(errors.Unauthorized):
            answered(ListAnswer, sample(name))
    pay = Write("pay", Request("POST", "/x"), unknown=Repeat())
    assert isinstance(ALIBABA.judge(pay, sample("dropshipping_order_pay.response_failed.json")), Refused)
    cancel = Write("cancel", Request("POST", "/x"), unknown=Repeat())
    assert ALIBABA.judge(cancel, sample("order_cancel.response.json")) == Confirmed()


def test_a_field_of_the_wrong_shape_names_its_path() -> None:
    with pytest.raises(Malformed) as caught:
        answered(ListAnswer, answer({"code": "0", "value": {"order_list": [{"trade_id": 1.5}]}}))
    assert caught.value.path == "$.value.order_list[0].trade_id"
