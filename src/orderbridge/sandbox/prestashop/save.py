"""Writes: the XML of a request mapped onto rows, with everything that hangs on it."""

from __future__ import annotations

from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

import attrs
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .checks import stored, validate
from .output import Shown
from .schema import Field, Resource
from .shop import Shop
from .values import NO_TIME, Fatal, Object, Row, WebserviceError, integer

_STAMPS = ("date_add", "date_upd")


def save(
    shop: Shop, resource: Resource, method: str, body: bytes, *, mail: bool, now: datetime
) -> list[Shown]:
    """Carry out a POST, PUT or PATCH: every entity of the body, one after the other.

    The first that fails ends it; those before it are saved all the same.
    """
    root = _parse(body.removeprefix(b"xml="))
    entities = list(root)
    ids = [_text(entity.find("id")) for entity in entities]
    ids = [one for one in ids if one]
    if method == "POST" and ids:
        raise WebserviceError(400, (91, "id is forbidden when adding a new resource"))
    if method != "POST" and len(set(map(integer, ids))) != len(ids):
        raise WebserviceError(400, (89, "id is duplicate in request"))
    if method != "POST" and len(ids) != len(entities):
        raise WebserviceError(400, (90, "id is required when modifying a resource"))
    saving = _Saving(shop=shop, resource=resource, method=method, mail=mail, stamp=shop.stamp(now))
    return [saving.one(entity) for entity in entities]


def _parse(body: bytes) -> Element:
    try:
        return fromstring(body)
    except (ParseError, DefusedXmlException, ValueError):
        text = body.decode("utf-8", errors="replace")
        why = "XML error : String could not be parsed as XML"
        message = f"{why}\nXML length : {len(body)}\nOriginal XML : {text}\n"
        raise WebserviceError(500, (127, message)) from None


def _text(node: Element | None) -> str:
    """A leaf, to the letter: blanks and line breaks around it are part of it."""
    return "" if node is None else node.text or ""


@attrs.define(kw_only=True)
class _Saving:
    """One request's writes."""

    shop: Shop
    resource: Resource
    method: str
    mail: bool
    stamp: str

    def one(self, entity: Element) -> Shown:
        """Map, check, keep, and let happen what hangs on it."""
        row = self._target(entity)
        values: Row = dict(row) if row is not None else {"id": "0"}
        said: Object = {} if row is None else {"id": _text(entity.find("id"))}
        for field in self.resource.fields:
            self._take(field, entity.find(field.name), row, values, said)
        validate(self.resource, values)
        kept = self._keep(row, values, said)
        self._associate(kept, entity)
        said["id"] = said.get("id", kept["id"])
        return attrs.evolve(self.shop.shown(self.resource, kept), said=said)

    def _target(self, entity: Element) -> Row | None:
        """The row to change is named in the body; the id in the path counts for nothing."""
        if self.method == "POST":
            return None
        row = self.shop.tables[self.resource.name].get(integer(_text(entity.find("id"))))
        if row is None:
            raise WebserviceError(404, (92, "Invalid ID"))
        return row

    def _take(self, field: Field, node: Element | None, row: Row | None, values: Row, said: Object) -> None:
        """One field of the body, in the order of the fields and not of the body."""
        if node is None:
            if self.method == "PATCH":
                return
            if field.required and field.kind != "i18n":
                raise WebserviceError(400, (41, f'parameter "{field.name}" required'))
            self._wipe(field, values, said)
        elif field.readonly:
            message = f'parameter "{field.name}" not writable. Please remove this attribute of this XML'
            raise WebserviceError(400, (93, message))
        elif field.kind == "i18n":
            texts = {int(one.get("id", "0")): _text(one) for one in node.findall("language")}
            for language in range(1, self.shop.languages + 1):
                key = f"{field.name}:{language}"
                values[key] = texts.get(language, values.get(key, "")) if texts else _text(node)
        elif self.resource.name == "orders" and row is not None and field.name == "current_state":
            self._set_current_state(row, values, said, _text(node))
        elif field.dynamic:
            self._set_shipping_number(row, _text(node))
        else:
            values[field.name] = said[field.name] = _text(node)

    def _wipe(self, field: Field, values: Row, said: Object) -> None:
        """What a PUT does not mention becomes null, which most columns turn into a zero."""
        if field.kind == "i18n":
            values.update({f"{field.name}:{one}": "" for one in range(1, self.shop.languages + 1)})
        elif not field.dynamic:
            values[field.name], said[field.name] = "", None

    def _set_current_state(self, row: Row, values: Row, said: Object, text: str) -> None:
        """A state set at once, amid reading the rest; later fields of the body undo parts of it."""
        state_id = integer(text)
        said["current_state"] = int(row["current_state"])
        again = self.shop.release < (1, 7, 8)  # the state it already has is set again, mail and all
        if not state_id or (not again and state_id == int(row["current_state"])):
            return
        state = self.shop.tables["order_states"].get(state_id)
        if state is None:
            raise Fatal
        before = dict(row)
        self.shop.set_state(row, state, self.stamp)
        moved = {name: text for name, text in row.items() if text != before[name]}
        values.update(moved)
        said["current_state"] = state_id
        if "total_paid_real" in moved:
            said["total_paid_real"] = float(moved["total_paid_real"])

    def _set_shipping_number(self, row: Row | None, text: str) -> None:
        parcels = self.shop.rows_of("order_carriers", int(row["id"])) if row else []
        if parcels:
            self.shop.change("order_carriers", parcels[0], tracking_number=text[:64])

    def _keep(self, row: Row | None, values: Row, said: Object) -> Row:
        fields = [field for field in self.resource.fields if field.kind != "i18n" and not field.dynamic]
        columns = {key: text for key, text in values.items() if ":" in key}
        columns |= {field.name: stored(field, values.get(field.name, "")) for field in fields}
        for name in _STAMPS:
            if name in columns and (row is None or name == "date_upd" or columns[name] == NO_TIME):
                columns[name] = said[name] = self.stamp
        if row is not None:
            self.shop.change(self.resource.name, row, **columns)
            self._mail_parcel(row)
            return row
        match self.resource.name:
            case "orders":
                raise Fatal  # needs a cart, which this shop does not keep
            case "order_histories":
                return self._add_history(columns, said)
            case _:
                return self.shop.insert(self.resource.name, columns, self.stamp)

    def _add_history(self, columns: Row, said: Object) -> Row:
        """A line of the history is what changes an order's state; it asks for no reason to do it again."""
        order = self.shop.tables["orders"].get(int(columns["id_order"]))
        state = self.shop.tables["order_states"].get(int(columns["id_order_state"]))
        if order is None or state is None:
            raise Fatal
        self.shop.change_state(order, state, self.stamp)
        row = self.shop.add_history(order, state, self.stamp, columns["id_employee"])
        said["id_order_state"] = int(state["id"])
        if self.mail and not self.shop.mail_state(order, state):
            raise _unsaved()
        return row

    def _mail_parcel(self, row: Row) -> None:
        if self.resource.name != "order_carriers" or not self.mail:
            return
        order = self.shop.tables["orders"].get(int(row["id_order"]))
        if order is None:
            raise Fatal
        if not self.shop.mail_in_transit(order, row):
            raise _unsaved()

    def _associate(self, row: Row, entity: Element) -> None:
        known = {part.name for part in self.resource.parts}
        associations = entity.find("associations")
        for association in () if associations is None else associations:
            if association.tag not in known:
                raise WebserviceError(400, (86, f'The association "{association.tag}" does not exists'))
            if association.tag == "order_slip_details":
                names = ("id_order_detail", "product_quantity", "amount_tax_excl", "amount_tax_incl")
                self.shop.slip_lines[int(row["id"])] = [
                    {"id": row["id"], **{name: _text(line.find(name)) for name in names}}
                    for line in association
                ]


def _unsaved() -> WebserviceError:
    """What the shop says when a mail did not leave, although all is saved."""
    return WebserviceError(500, (46, "Unable to save resource"))
