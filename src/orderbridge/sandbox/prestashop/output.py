"""Answers as bytes: JSON as the real one words it (and miswords it), XML with everything in CDATA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from .query import Display
from .schema import NATIVE, Field, Part, Resource
from .values import Json, Object, Row, encode, falsy

XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n'
XML_END = "</prestashop>\n"


@attrs.frozen(kw_only=True)
class Shown:
    """One row on its way out.

    Args:
        row: The row.

        parts: Its associated rows.

        said: In an answer to a write, what the write said, in its own words; None where it wiped.
    """

    row: Row
    parts: Mapping[str, Sequence[Row]] = attrs.field(factory=dict[str, Sequence[Row]])
    said: Object = attrs.field(factory=dict[str, "Json"])


@attrs.frozen(kw_only=True)
class Writer:
    """Words answers.

    Args:
        home: The shop's address, the root of links.

        languages: Of translated fields. With one they are plain texts, with several lists.

        native: Numbers are numbers (PHP 8.1 and newer); on PHP 7 only ``id`` is.

        drops_falsy: The JSON of one single thing lacks every falsy field (8.0 and newer).
    """

    home: str
    languages: Sequence[int]
    native: bool
    drops_falsy: bool

    # JSON

    def json_one(self, resource: Resource, shown: Shown, display: Display) -> bytes:
        """``{"order": {...}}``: the form that loses fields."""
        found = self._object(resource, shown, display)
        if self.drops_falsy:
            found = {name: value for name, value in found.items() if not falsy(value)}
        return encode({resource.node: found})

    def json_list(self, resource: Resource, rows: Sequence[Shown], display: Display | None) -> bytes:
        """``{"orders": [...]}``, and a bare ``[]`` where there is nothing."""
        found: list[Json] = [
            {"id": int(shown.row["id"])} if display is None else self._object(resource, shown, display)
            for shown in rows
        ]
        return encode({resource.nodes: found} if found else [])

    def _object(self, resource: Resource, shown: Shown, display: Display) -> Object:
        found: Object = {"id": int(shown.row["id"])} if display.shows("id") else {}
        if "id" in shown.said:
            found["id"] = shown.said["id"]
        # A quirk: the language the server itself speaks is not read anew from the database.
        spoken = resource.name == "languages" and shown.row["id"] == "1"
        for field in resource.fields:
            if display.shows(field.name):
                found[field.name] = self._value(field, shown.row, spoken)
                if field.name in shown.said and field.kind != "i18n":
                    found[field.name] = shown.said[field.name]
        parts: Object = {}
        for part in resource.parts:
            rows = self._part_rows(part, shown, display)
            if rows:
                parts[part.name] = rows
        return {**found, "associations": parts} if parts else found

    def _value(self, field: Field, row: Row, spoken: bool) -> Json:
        if field.kind == "i18n":
            texts = [row.get(f"{field.name}:{language}", "") for language in self.languages]
            found: list[Json] = [
                {"id": language, "value": text} for language, text in zip(self.languages, texts, strict=True)
            ]
            return texts[0] if len(texts) == 1 else found
        text = row[field.name]
        native = self.native and (field.kind in NATIVE or (spoken and field.kind == "bool"))
        return int(text) if native and text else text

    def _part_rows(self, part: Part, shown: Shown, display: Display) -> list[Json]:
        wanted = display.part(part.name)
        if wanted == ():
            return []
        return [
            {
                field.name: self._value(field, row, False)
                for field in part.fields
                if wanted is None or field.name in wanted
            }
            for row in shown.parts.get(part.name, ())
        ]

    # XML

    def xml_one(self, resource: Resource, shown: Shown, display: Display) -> bytes:
        """One row."""
        return self._document(self._element(resource, shown, display))

    def xml_list(self, resource: Resource, rows: Sequence[Shown], display: Display | None) -> bytes:
        """Many, or ids and links only."""
        inner = "".join(
            f'<{resource.node} id="{shown.row["id"]}" '
            f'xlink:href="{self.home}/api/{resource.name}/{shown.row["id"]}"/>\n'
            if display is None
            else self._element(resource, shown, display)
            for shown in rows
        )
        return self._document(f"<{resource.nodes}>\n{inner}</{resource.nodes}>\n")

    def xml_schema(self, resource: Resource, synopsis: bool) -> bytes:
        """An empty row, with ``synopsis`` also what each field takes."""
        inner = "".join(self._schema_field(field, "", synopsis) for field in resource.fields)
        if resource.parts:
            inner += "<associations>\n"
            for part in resource.parts:
                rows = "".join(self._schema_field(field, "part", synopsis) for field in part.fields)
                inner += f"{self._part_head(part)}\t<{part.node}>\n{rows}\t</{part.node}>\n</{part.name}>\n"
            inner += "</associations>\n"
        return self._document(f"<{resource.node}>\n{inner}</{resource.node}>\n")

    def _schema_field(self, field: Field, part: str, synopsis: bool) -> str:
        words = f' xlink:href="{self.home}/api/{field.link}/"' if part and field.link else ""
        if synopsis:
            words += ' required="true"' if field.required else ""
            words += f' maxSize="{field.size}"' if field.size else ""
            words += f' format="{field.check}"' if field.check else ""
            words += ' notFilterable="true"' if field.dynamic else ""
            words += ' read_only="true" readOnly="true"' if field.readonly else ""
        inner = "<![CDATA[]]>"
        if field.kind == "i18n":
            inner = "".join(f'<language id="{one}"><![CDATA[]]></language>' for one in self.languages)
        return f"\t<{field.name}{words}>{inner}</{field.name}>\n"

    def _document(self, inner: str) -> bytes:
        return f"{XML_HEAD}{inner}{XML_END}".encode(errors="surrogateescape")

    def _element(self, resource: Resource, shown: Shown, display: Display) -> str:
        lines = [f"<{resource.node}>\n"]
        if display.shows("id"):
            lines.append(_cdata("id", shown.row["id"]))
        for field in resource.fields:
            if display.shows(field.name):
                lines.append(self._xml_field(field, shown))
        if resource.parts and (display.parts is None or display.parts):
            lines.append("<associations>\n")
            for part in resource.parts:
                lines.append(self._part_head(part))
                for row in self._part_rows(part, shown, display):
                    assert isinstance(row, dict)
                    inner = "".join(self._part_field(part, name, value) for name, value in row.items())
                    lines.append(f"\t<{part.node}>\n{inner}\t</{part.node}>\n")
                lines.append(f"</{part.name}>\n")
            lines.append("</associations>\n")
        return "".join([*lines, f"</{resource.node}>\n"])

    def _xml_field(self, field: Field, shown: Shown) -> str:
        if field.kind == "i18n":
            inner = "".join(
                f'<language id="{one}" xlink:href="{self.home}/api/languages/{one}">'
                f"<![CDATA[{shown.row.get(f'{field.name}:{one}', '')}]]></language>"
                for one in self.languages
            )
            return f"\t<{field.name}>{inner}</{field.name}>\n"
        said = shown.said.get(field.name, shown.row[field.name])
        text = "" if said is None else str(said)
        words = f' xlink:href="{self.home}/api/{field.link}/{text}"' if field.link and not falsy(text) else ""
        words += ' notFilterable="true"' if field.dynamic else ""
        return _cdata(field.name, text, words)

    def _part_head(self, part: Part) -> str:
        more = 'virtualEntity="true"' if part.virtual else f'api="{part.name}"'
        return f'<{part.name} nodeType="{part.node}" {more}>\n'

    def _part_field(self, part: Part, name: str, value: Json) -> str:
        link = next(field.link for field in part.fields if field.name == name)
        return _cdata(name, str(value), f' xlink:href="{self.home}/api/{link}/{value}"' if link else "")


def _cdata(name: str, text: str, words: str = "") -> str:
    """A leaf. Nothing is escaped: ``]]>`` or a control character in a text breaks the document."""
    return f"\t<{name}{words}><![CDATA[{text}]]></{name}>\n"


def json_errors(errors: Sequence[tuple[int, str]]) -> bytes:
    """What went wrong."""
    found: list[Json] = [{"code": code, "message": message} for code, message in errors]
    return encode({"errors": found})


def xml_errors(errors: Sequence[tuple[int, str]]) -> bytes:
    """The same in XML."""
    inner = "".join(
        f"<error>\n<code><![CDATA[{code}]]></code>\n<message><![CDATA[{message}]]></message>\n</error>\n"
        for code, message in errors
    )
    return f"{XML_HEAD}<errors>\n{inner}</errors>\n{XML_END}".encode()


def xml_root(home: str, shop_name: str, allowed: Mapping[str, Sequence[str]]) -> bytes:
    """``GET /api/``: the resources this key may use, and how."""
    lines = [f'<api shopName="{shop_name}">\n']
    for name, methods in sorted(allowed.items()):
        verbs = " ".join(
            f'{verb.lower()}="{str(verb in methods).lower()}"'
            for verb in ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD")
        )
        where = f'xlink:href="{home}/api/{name}"'
        lines.append(f"<{name} {where} {verbs}>\n")
        lines.append(f"<description {where} {verbs}>\n{name.replace('_', ' ').capitalize()}</description>\n")
        for kind in ("blank", "synopsis"):
            lines.append(f'<schema xlink:href="{home}/api/{name}?schema={kind}" type="{kind}"/>\n')
        lines.append(f"</{name}>\n")
    return "".join((XML_HEAD, *lines, "</api>\n", XML_END)).encode()
