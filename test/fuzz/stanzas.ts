import { deepEqual, equal, ok } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Refusal } from "../../src/slot/refusal.ts";
import type { Slot, SlotRequest } from "../../src/slot/slot.ts";
import { pingRoute, versionRoute } from "../../src/xmpp/basics.ts";
import { discoRoutes } from "../../src/xmpp/disco.ts";
import { Router } from "../../src/xmpp/router.ts";
import { NS_COMPONENT } from "../../src/xmpp/stanza-error.ts";
import { StreamParser } from "../../src/xmpp/stream-parser.ts";
import { uploadInfo, uploadRoutes } from "../../src/xmpp/upload.ts";
import { type Element, serialize } from "../../src/xmpp/xml/xml.ts";
import { mutate, type Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

const iq = (payload: string, type = "get") =>
  `<iq type='${type}' id='1' from='a@example.org/r' to='upload.example.org'>${payload}</iq>`;
const corpus = [
  iq(
    "<request xmlns='urn:xmpp:http:upload:0' filename='très cool.jpg' size='23456' content-type='image/jpeg'/>",
  ),
  iq("<request xmlns='urn:xmpp:http:upload'><filename>a &amp; b.txt</filename><size>5</size></request>"),
  iq(
    "<request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'><ephemeral xmlns='urn:xmpp:http:upload:purpose:0' expire-before='2030-01-31T12:00:00Z'/></request>",
  ),
  iq("<request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/>", "set"),
  iq("<query xmlns='http://jabber.org/protocol/disco#info'/>"),
  iq("<ping xmlns='urn:xmpp:ping'/>"),
  iq("<request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/>").replace(
    "<iq",
    "<iq xmlns='jabber:client'",
  ),
  "<message from='a@example.org' to='upload.example.org'><body>&lt;hi&gt;\u{1F600}</body></message>",
  "<presence type='subscribe' from='a@example.org' to='upload.example.org'/>",
  "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
];
const pieces = [
  ..."<>&'\"/=:!?[]- \n\t\0\ufffe\ud800",
  ...[
    "<!DOCTYPE a [",
    "<!ENTITY x 'y'>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version='1.0'?>",
    "&#0;",
    "&#x1F600;",
  ],
  ...[
    "&amp;",
    "&nope;",
    "&#99999999;",
    " xmlns=''",
    " xmlns='jabber:client'",
    " xmlns:a='b'",
    "a:",
    "xmlns",
    "</iq>",
    "</stream:stream>",
    "<x/>",
  ],
  ...[
    " size='-1'",
    " size='1e3'",
    " size='9007199254740993'",
    "../",
    "%2f",
    "\u202e",
    "e\u0301",
    'image/png; a="b"',
  ],
];

/** Whatever bytes the XMPP server sends, in whatever pieces, the stream's parser stands. */
export const stanzas: FuzzTarget = {
  name: "stanzas through the stream parser and XEP-0363",
  inputs: 200_000,
  make: (random) => {
    const texts = Array.from({ length: 1 + random.below(3) }, () => random.of(corpus));
    return mutate(texts.join(random.below(4) === 0 ? " " : ""), random, corpus, pieces);
  },
  check(input, random) {
    const whole = parse([Buffer.from(input)]);
    ok(isDeepStrictEqual(parse(pieceUp(input, random)), whole), "the pieces of a stream change its meaning");
    const end = whole.findIndex(({ kind }) => kind === "broken");
    ok(end < 0 || end === whole.length - 1, "something was told after the stream broke");
    for (const { element } of whole) if (element) checkStanza(element);
  },
};

interface Told {
  readonly kind: "opened" | "stanza" | "oversized" | "closed" | "broken";
  readonly element?: Element;
}

const header = `<stream:stream xmlns='${NS_COMPONENT}' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`;

function parse(chunks: readonly Uint8Array[]): Told[] {
  const told: Told[] = [];
  const parser = new StreamParser({
    opened: () => told.push({ kind: "opened" }),
    stanza: (element) => told.push({ kind: "stanza", element }),
    oversized: () => told.push({ kind: "oversized" }),
    closed: () => told.push({ kind: "closed" }),
    broken: () => told.push({ kind: "broken" }),
  });
  parser.write(Buffer.from(header));
  for (const chunk of chunks) parser.write(chunk);
  return told;
}

/** Cut anywhere, inside characters too. */
function pieceUp(text: string, random: Random): Uint8Array[] {
  const bytes = Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = at + 1 + random.below(40);
    pieces.push(bytes.subarray(at, next));
    at = next;
  }
  return pieces;
}

function checkStanza(stanza: Element): void {
  const printed = serialize(stanza, NS_COMPONENT);
  const [, again] = parse([Buffer.from(printed)]);
  equal(again?.kind, "stanza", `what was printed cannot be read: ${printed}`);
  if (again?.element) equal(serialize(again.element, NS_COMPONENT), printed);
  const answer = router.answer(stanza);
  ok(!(answer instanceof Promise));
  if ("ignored" in answer) return;
  ok(answer.attrs.type === "result" || answer.attrs.type === "error");
  deepEqual(
    [answer.attrs.id, answer.attrs.to, answer.attrs.from],
    [stanza.attrs.id, stanza.attrs.from, stanza.attrs.to],
  );
  equal(parse([Buffer.from(serialize(answer, NS_COMPONENT))])[1]?.kind, "stanza", "the answer is no stanza");
}

const uploads = uploadRoutes(checkRequest);
const routes = [...uploads, pingRoute, versionRoute("slotd", "1")];
const router = new Router("upload.example.org", [
  ...routes,
  ...discoRoutes(routes, () => uploadInfo(1000, [])),
]);

/** What reaches the policy is valid, whatever came. */
function checkRequest(request: SlotRequest): Slot | Refusal {
  const { filename, size, contentType } = request;
  const bytes = Buffer.byteLength(filename);
  ok(bytes >= 1 && bytes <= 255 && filename.isWellFormed(), "a bad filename");
  ok(
    !/[/\\\p{Cc}]/u.test(filename) && filename !== "." && filename !== "..",
    "a filename that is no segment",
  );
  ok(Number.isSafeInteger(size) && size >= 0, "a bad size");
  ok(contentType === undefined || /^[\x20-\x7e\t]{1,255}$/.test(contentType), "a bad content type");
  return { putUrl: "https://h/t/f?X", getUrl: "https://h/t/f" };
}
