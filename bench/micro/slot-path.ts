import { randomBytes } from "node:crypto";
import { pooledRandomBytes } from "../../src/app/random-pool.ts";
import { readSlotRequest } from "../../src/slot/slot-request.ts";
import { StreamParser } from "../../src/xmpp/stream-parser.ts";
import { encodeSlot, NS_UPLOAD } from "../../src/xmpp/upload.ts";
import { type Element, escapeXml, serialize } from "../../src/xmpp/xml/xml.ts";
import { slotRequests } from "../load/slot-requests.ts";
import { calls, type Micro, results } from "./micro.ts";

const stanzas: Element[] = [];
const parser = new StreamParser({
  opened: () => {},
  stanza: (stanza) => {
    results.last = stanza;
    if (stanzas.length < 200) stanzas.push(stanza);
  },
  oversized: () => {},
  closed: () => {},
  broken: (reason) => {
    throw new Error(reason);
  },
});
parser.write(
  Buffer.from(
    "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'>",
  ),
);
const batch = slotRequests("upload.example.net", 200);

const url = `https://bucket.s3.eu-west-1.amazonaws.com/${"0123456789abcdef".repeat(4)}/photo.jpg`;
const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260214%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20260214T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&X-Amz-Signature=${"0123456789abcdef".repeat(4)}`;
const random = pooledRandomBytes(randomBytes);

/** What a slot request meets on its way, but for the signature. */
export const micros: readonly Micro[] = [
  { name: "StreamParser, one slot request", calls: batch.count, run: () => parser.write(batch.bytes) },
  calls("readSlotRequest", (number) =>
    readSlotRequest({ filename: "photo.jpg", size: String(23_456 + number), contentType: "image/jpeg" }),
  ),
  calls("token of 32 random bytes", () => random(32).toString("hex")),
  calls("slot element, written", (number) =>
    serialize(encodeSlot({ putUrl: `${url}?${query}${number}`, getUrl: url }, NS_UPLOAD), NS_UPLOAD),
  ),
  calls("escapeXml of a PUT URL", (number) => escapeXml(`${url}?${query}${number}`)),
];
