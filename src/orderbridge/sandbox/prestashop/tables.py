"""The resources of the webservice, fields in the order of the wire. ``schema`` says how to read a line."""

from __future__ import annotations

import attrs

from .order_tables import (
    ORDER_CARRIERS,
    ORDER_DETAILS,
    ORDER_HISTORIES,
    ORDER_INVOICES,
    ORDER_PAYMENTS,
    ORDER_ROWS,
    ORDER_SLIP_DETAILS,
    ORDER_SLIPS,
    ORDER_STATES,
    ORDERS,
)
from .schema import Part, Resource, read_fields

_CARRIERS = """
deleted              bool  isBool
is_module            bool  isBool
id_tax_rules_group   int   >tax_rule_groups
id_reference         int
name                 text! isCarrierName:64
active               bool! isBool
is_free              bool  isBool
url                  text  isAbsoluteUrl
shipping_handling    bool  isBool
shipping_external    bool  isBool
range_behavior       bool  isBool
shipping_method      int   isUnsignedInt
max_width            int   isUnsignedInt
max_height           int   isUnsignedInt
max_depth            int   isUnsignedInt
max_weight           money isFloat
grade                int   isUnsignedInt
external_module_name text  :64
need_range           bool
position             int
delay                i18n! isGenericName:512
"""
_ADDRESSES = """
id_customer     int   isNullOrUnsignedId >customers
id_manufacturer int   isNullOrUnsignedId >manufacturers
id_supplier     int   isNullOrUnsignedId >suppliers
id_warehouse    int   isNullOrUnsignedId >warehouse
id_country      int!  isUnsignedId >countries
id_state        int   isNullOrUnsignedId >states
alias           text! isGenericName:32
company         text  isGenericName:255
lastname        text! isName:255
firstname       text! isName:255
vat_number      text  isGenericName
address1        text! isAddress:128
address2        text  isAddress:128
postcode        text  isPostCode:12
city            text! isCityName:64
other           text  isMessage:300
phone           text  isPhoneNumber:32
phone_mobile    text  isPhoneNumber:32
dni             text  isDniLite:16
deleted         bool  isBool
date_add        date  isDate
date_upd        date  isDate
"""
_COUNTRIES = """
id_zone                    int!  isUnsignedId >zones
id_currency                int   isUnsignedId >currencies
call_prefix                int   isInt
iso_code                   text! isLanguageIsoCode:3
active                     bool  isBool
contains_states            bool! isBool
need_identification_number bool! isBool
need_zip_code              bool  isBool
zip_code_format            text  isZipCodeFormat
display_tax_label          bool! isBool
name                       i18n! isGenericName:64
"""
_STATES = """
id_zone    int!  isUnsignedId >zones
id_country int!  isUnsignedId >countries
iso_code   text! isStateIsoCode:7
name       text! isGenericName:80
active     bool  isBool
"""
_CUSTOMERS = """
id_default_group           int   >groups
id_lang                    int   isUnsignedId >languages
newsletter_date_add        date
ip_registration_newsletter text
last_passwd_gen            date  readonly
secure_key                 text  isMd5 readonly
deleted                    bool  isBool
passwd                     text! isHashedPassword:255
lastname                   text! isCustomerName:255
firstname                  text! isCustomerName:255
email                      text! isEmail:255
id_gender                  int   isUnsignedId
birthday                   day   isBirthDate
newsletter                 bool  isBool
optin                      bool  isBool
website                    text  isUrl
company                    text  isGenericName
siret                      text
ape                        text  isApe
outstanding_allow_amount   money isFloat
show_public_prices         bool  isBool
id_risk                    int   isUnsignedInt
max_payment_days           int   isUnsignedInt
active                     bool  isBool
note                       html  :65000
is_guest                   bool  isBool
id_shop                    int   isUnsignedId
id_shop_group              int   isUnsignedId
date_add                   date  isDate
date_upd                   date  isDate
reset_password_token       text  isSha1:40
reset_password_validity    date
"""
_CURRENCIES = """
names            i18n! isGenericName:64
name             text
symbol           i18n
iso_code         text! isLanguageIsoCode:3
numeric_iso_code text  isNumericIsoCode:3
precision        int   isInt
conversion_rate  money! isFloat
deleted          flag  isBool
active           flag  isBool
unofficial       flag  isBool
modified         flag  isBool
pattern          i18n
"""
_LANGUAGES = """
name             text! isGenericName:32
iso_code         text! isLanguageIsoCode:2
locale           text  isLocale:5
language_code    text  isLanguageCode:5
active           bool  isBool
is_rtl           bool  isBool
date_format_lite text! isPhpDateFormat:32
date_format_full text! isPhpDateFormat:32
"""
_CONFIGURATIONS = """
value         html
name          text! isConfigName:254
id_shop_group empty isNullOrUnsignedId
id_shop       empty isNullOrUnsignedId
date_add      date  isDate
date_upd      date  isDate
"""
_SUPPLIERS = """
link_rewrite     text
name             text! isCatalogName:64
active           bool
date_add         date  isDate
date_upd         date  isDate
description      i18n
meta_title       i18n
meta_description i18n
meta_keywords    i18n
"""
_PRODUCT_SUPPLIERS = """
id_product                 int!  isUnsignedId >products
id_product_attribute       int!  isUnsignedId >combinations
id_supplier                int!  isUnsignedId >suppliers
id_currency                int   isUnsignedId >currencies
product_supplier_reference text  isReference:64
product_supplier_price_te  money isPrice
"""
_SHOPS = """
id_shop_group int!  >shop_groups
id_category   int!
active        flag  isBool
deleted       flag  isBool
name          text! isGenericName:64
color         text  isColor
theme_name    text! isThemeName
"""
_CUSTOMER_THREADS = """
id_lang     int! isUnsignedId >languages
id_shop     int  isUnsignedId >shops
id_customer int  isUnsignedId >customers
id_order    int  isUnsignedId >orders
id_product  int  isUnsignedId >products
id_contact  int! isUnsignedId >contacts
email       text isEmail:255
token       text! isGenericName
status      text
date_add    date isDate
date_upd    date isDate
"""
_CUSTOMER_MESSAGES = """
id_employee        int   isUnsignedId >employees
id_customer_thread int   >customer_threads
ip_address         text  isIp2Long:15
message            html! :16777216
file_name          text
user_agent         text
private            bool  isBool
date_add           date  isDate
date_upd           date  isDate
read               bool  isBool
"""
_MESSAGES = """
id_cart     int   isUnsignedId >carts
id_order    int   isUnsignedId >orders
id_customer int   isUnsignedId >customers
id_employee int   isUnsignedId >employees
message     text! isCleanHtml:1600
private     bool  isBool
date_add    date  isDate
"""
_PRODUCTS = """
id_supplier       int   isUnsignedId >suppliers
manufacturer_name text  readonly
quantity          int   readonly
id_shop_default   int   isUnsignedId
reference         text  isReference:64
ean13             text  isEan13:13
is_virtual        bool  isBool
price             money! isPrice
active            bool  isBool
date_add          date  isDate
date_upd          date  isDate
name              i18n! isCatalogName:128
"""
_COMBINATIONS = """
id_product         int!  isUnsignedId >products
ean13              text  isEan13:13
reference          text  isReference:64
supplier_reference text  isReference:64
price              money isNegativePrice
"""
_ID = "id int"


def _resource(
    name: str, node: str, title: str, table: str, *parts: Part, nodes: str = "", by_shop: bool = False
) -> Resource:
    fields = read_fields(table)
    return Resource(
        name=name, node=node, nodes=nodes or name, title=title, fields=fields, parts=parts, by_shop=by_shop
    )


_ROWS = Part(name="order_rows", node="order_row", fields=read_fields(ORDER_ROWS), virtual=True)
_SLIP_DETAILS = Part(
    name="order_slip_details", node="order_slip_detail", fields=read_fields(ORDER_SLIP_DETAILS), virtual=True
)
_REPLIES = Part(name="customer_messages", node="customer_message", fields=read_fields(_ID))
_GROUPS = Part(name="groups", node="group", fields=read_fields(_ID))

RESOURCES = {
    each.name: each
    for each in (
        _resource("addresses", "address", "Address", _ADDRESSES),
        _resource("carriers", "carrier", "Carrier", _CARRIERS),
        _resource("combinations", "combination", "Combination", _COMBINATIONS),
        _resource("configurations", "configuration", "Configuration", _CONFIGURATIONS),
        _resource("countries", "country", "Country", _COUNTRIES),
        _resource("currencies", "currency", "Currency", _CURRENCIES),
        _resource("customer_messages", "customer_message", "CustomerMessage", _CUSTOMER_MESSAGES),
        _resource("customer_threads", "customer_thread", "CustomerThread", _CUSTOMER_THREADS, _REPLIES),
        _resource("customers", "customer", "Customer", _CUSTOMERS, _GROUPS),
        _resource("languages", "language", "Language", _LANGUAGES),
        _resource("messages", "message", "Message", _MESSAGES),
        _resource("order_carriers", "order_carrier", "OrderCarrier", ORDER_CARRIERS),
        _resource("order_details", "order_detail", "OrderDetail", ORDER_DETAILS),
        _resource("order_histories", "order_history", "OrderHistory", ORDER_HISTORIES),
        _resource("order_invoices", "order_invoice", "OrderInvoice", ORDER_INVOICES),
        _resource("order_payments", "order_payment", "OrderPayment", ORDER_PAYMENTS),
        _resource("order_slip", "order_slip", "OrderSlip", ORDER_SLIPS, _SLIP_DETAILS, nodes="order_slips"),
        _resource("order_states", "order_state", "OrderState", ORDER_STATES),
        _resource("orders", "order", "Order", ORDERS, _ROWS, by_shop=True),
        _resource("product_suppliers", "product_supplier", "ProductSupplier", _PRODUCT_SUPPLIERS),
        _resource("products", "product", "Product", _PRODUCTS),
        _resource("shops", "shop", "Shop", _SHOPS),
        _resource("states", "state", "State", _STATES),
        _resource("suppliers", "supplier", "Supplier", _SUPPLIERS),
    )
}


def resources(version: tuple[int, ...]) -> dict[str, Resource]:
    """The resources of one version: 1.7 has no order note, and 9 measures a tracking number."""
    found = dict(RESOURCES)
    if version < (8,):
        orders = found["orders"]
        fields = tuple(field for field in orders.fields if field.name != "note")
        found["orders"] = attrs.evolve(orders, fields=fields)
    if version >= (9,):
        parcels = found["order_carriers"]
        fields = tuple(
            attrs.evolve(field, size=64) if field.name == "tracking_number" else field
            for field in parcels.fields
        )
        found["order_carriers"] = attrs.evolve(parcels, fields=fields)
    return found
