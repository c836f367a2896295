"""The fields of an order and of all that hangs on it, in the order of the wire; see ``tables``."""

from __future__ import annotations

ORDERS = """
id_address_delivery      int!   isUnsignedId >addresses
id_address_invoice       int!   isUnsignedId >addresses
id_cart                  int!   isUnsignedId >carts
id_currency              int!   isUnsignedId >currencies
id_lang                  int!   isUnsignedId >languages
id_customer              int!   isUnsignedId >customers
id_carrier               int!   isUnsignedId >carriers
current_state            int    isUnsignedId >order_states
module                   text!  isModuleName
invoice_number           int
invoice_date             date
delivery_number          int
delivery_date            date
valid                    bool
date_add                 date   isDate
date_upd                 date   isDate
shipping_number          text   dynamic
note                     html
id_shop_group            int    isUnsignedId
id_shop                  int    isUnsignedId
secure_key               text   isMd5
payment                  text!  isGenericName
recyclable               bool   isBool
gift                     bool   isBool
gift_message             text   isMessage
mobile_theme             bool   isBool
total_discounts          money  isPrice
total_discounts_tax_incl money  isPrice
total_discounts_tax_excl money  isPrice
total_paid               money! isPrice
total_paid_tax_incl      money  isPrice
total_paid_tax_excl      money  isPrice
total_paid_real          money! isPrice
total_products           money! isPrice
total_products_wt        money! isPrice
total_shipping           money  isPrice
total_shipping_tax_incl  money  isPrice
total_shipping_tax_excl  money  isPrice
carrier_tax_rate         rate   isFloat
total_wrapping           money  isPrice
total_wrapping_tax_incl  money  isPrice
total_wrapping_tax_excl  money  isPrice
round_mode               int    isUnsignedId
round_type               int    isUnsignedId
conversion_rate          money! isFloat
reference                text
"""
ORDER_ROWS = """
id                   int
product_id           int!   >products
product_attribute_id int!
product_quantity     int!
product_name         text   readonly
product_reference    text   readonly
product_ean13        text   readonly
product_isbn         text   readonly
product_upc          text   readonly
product_price        money  readonly
id_customization     int    >customizations
unit_price_tax_incl  money  readonly
unit_price_tax_excl  money  readonly
"""
ORDER_DETAILS = """
id_order                      int!   isUnsignedId >orders
product_id                    int    isUnsignedId >products
product_attribute_id          int    isUnsignedId >combinations
product_quantity_reinjected   int    isUnsignedInt
group_reduction               percent isFloat
discount_quantity_applied     int    isInt
download_hash                 text   isGenericName
download_deadline             date
id_order_invoice              int    isUnsignedId
id_warehouse                  int!   isUnsignedId
id_shop                       int!   isUnsignedId
id_customization              int    isUnsignedId
product_name                  text!  isGenericName
product_quantity              int!   isInt
product_quantity_in_stock     int    isInt
product_quantity_return       int    isUnsignedInt
product_quantity_refunded     int    isUnsignedInt
product_price                 money! isPrice
reduction_percent             percent isFloat
reduction_amount              money  isPrice
reduction_amount_tax_incl     money  isPrice
reduction_amount_tax_excl     money  isPrice
product_quantity_discount     money  isFloat
product_ean13                 text   isEan13
product_isbn                  text   isIsbn
product_upc                   text   isUpc
product_mpn                   text   isMpn
product_reference             text   isReference
product_supplier_reference    text   isReference
product_weight                money  isFloat
tax_computation_method        int    isUnsignedId
id_tax_rules_group            int    isInt
ecotax                        money  isFloat
ecotax_tax_rate               rate   isFloat
download_nb                   int    isInt
unit_price_tax_incl           money  isPrice
unit_price_tax_excl           money  isPrice
total_price_tax_incl          money  isPrice
total_price_tax_excl          money  isPrice
total_shipping_price_tax_excl money  isPrice
total_shipping_price_tax_incl money  isPrice
purchase_supplier_price       money  isPrice
original_product_price        money  isPrice
original_wholesale_price      money  isPrice
total_refunded_tax_excl       money  isPrice
total_refunded_tax_incl       money  isPrice
"""
ORDER_STATES = """
unremovable  bool  isBool
delivery     bool  isBool
hidden       bool  isBool
send_email   bool  isBool
module_name  text  isModuleName
invoice      bool  isBool
color        text  isColor
logable      bool  isBool
shipped      bool  isBool
paid         bool  isBool
pdf_delivery bool  isBool
pdf_invoice  bool  isBool
deleted      bool  isBool
name         i18n! isGenericName:64
template     i18n  isTplName:64
"""
ORDER_HISTORIES = """
id_employee    int  isUnsignedId >employees
id_order_state int! isUnsignedId >order_states
id_order       int! isUnsignedId >orders
date_add       date isDate
"""
ORDER_CARRIERS = """
id_order               int!  isUnsignedId >orders
id_carrier             int!  isUnsignedId >carriers
id_order_invoice       int   isUnsignedId
weight                 money isFloat
shipping_cost_tax_excl money isFloat
shipping_cost_tax_incl money isFloat
tracking_number        text  isTrackingNumber
date_add               date  isDate
"""
ORDER_PAYMENTS = """
order_reference text   :9
id_currency     int!   isUnsignedId >currencies
amount          money! isPrice
payment_method  text   isGenericName
conversion_rate money  isFloat
transaction_id  text   :254
card_number     text   :254
card_brand      text   :254
card_expiration text   :254
card_holder     text   :254
date_add        date   isDate
id_employee     empty  isUnsignedId
"""
ORDER_INVOICES = """
id_order                        int!   isUnsignedId
number                          int!   isUnsignedId
delivery_number                 int    isUnsignedId
delivery_date                   date
total_discount_tax_excl         money
total_discount_tax_incl         money
total_paid_tax_excl             money
total_paid_tax_incl             money
total_products                  money
total_products_wt               money
total_shipping_tax_excl         money
total_shipping_tax_incl         money
shipping_tax_computation_method int
total_wrapping_tax_excl         money
total_wrapping_tax_incl         money
shop_address                    html
note                            html
date_add                        date   isDate
"""
ORDER_SLIPS = """
id_customer             int!   isUnsignedId >customers
id_order                int!   isUnsignedId >orders
conversion_rate         money! isFloat
total_products_tax_excl money! isFloat
total_products_tax_incl money! isFloat
total_shipping_tax_excl money! isFloat
total_shipping_tax_incl money! isFloat
amount                  money  isFloat
shipping_cost           bool
shipping_cost_amount    money  isFloat
partial                 flag
date_add                date   isDate
date_upd                date   isDate
order_slip_type         int    isInt
"""
ORDER_SLIP_DETAILS = """
id               int
id_order_detail  int!
product_quantity int!
amount_tax_excl  money!
amount_tax_incl  money!
"""
