import { bareJid, parseJid } from "../../slot/jid.ts";
import type { MediaTypeRules } from "../../slot/media-type-rules.ts";
import type { Requester } from "../../slot/policy.ts";
import { printable } from "../../slot/printable.ts";
import type { Refusal } from "../../slot/refusal.ts";
import type { SlotRequest } from "../../slot/slot.ts";
import { readSlotRequest } from "../../slot/slot-request.ts";
import { plainName } from "./plain-name.ts";

/** What ejabberd asks: a slot request, and for whom. Nothing proves that the user wants it. */
export interface Question {
  readonly requester: Requester;
  /** Its filename is plain, and its purpose is message, as ejabberd tells none. */
  readonly request: SlotRequest;
}

/** A question that is refused before anybody is asked. */
export interface Unreadable {
  readonly refusal: Refusal;
  /** Prepared; "" when it could not be read. */
  readonly bareJid: string;
}

const names = ["jid", "name", "size", "content_type"] as const;

type Values = Readonly<Partial<Record<(typeof names)[number], string>>>;

/** So many parts of a query are looked at. */
const mostParts = 16;

/**
 * Reads the query `jid=&name=&size=&content_type=` of ejabberd's `service_url`.
 *
 * Each value is percent-encoded UTF-8, decoded once; a "+" and a second value of one name are refused, since they can
 * be read in two ways. Other names are ignored. The JID's domain must be one of `hosts` (prepared domains).
 *
 * It takes a time and memory that grow with the query alone, of which the server takes 8 KiB.
 *
 * Source: ejabberd 23.01, mod_http_upload, `create_slot`.
 */
export function readQuestion(rawQuery: string, hosts: ReadonlySet<string>): Question | Unreadable {
  const values = readQuery(rawQuery);
  if ("kind" in values) return { refusal: values, bareJid: "" };
  const jid = parseJid(values.jid ?? "");
  if (jid === undefined) {
    return { refusal: badRequest(`The parameter jid must be a bare JID; ${got(values.jid)}.`), bareJid: "" };
  }
  const requester = { bareJid: bareJid(jid), domain: jid.domain };
  const request = hosts.has(jid.domain) ? readRequest(values) : otherHost(jid.domain);
  return "kind" in request ? { refusal: request, bareJid: requester.bareJid } : { requester, request };
}

function readRequest({ name, size, content_type: contentType }: Values): SlotRequest | Refusal {
  const filename = name === undefined ? undefined : plainName(name);
  return readSlotRequest({ filename, size, contentType });
}

/**
 * The request as its slot is made: without a type where ejabberd's default stands for none, so that the upload may have
 * whatever type the client sends. Where the policy looks at types the default is one of them.
 *
 * COMPAT(ejabberd 23.01): it asks for application/octet-stream when the client declared no type.
 */
export function withDeclaredType(request: SlotRequest, types: MediaTypeRules): SlotRequest {
  const looksAtTypes = types.allowed !== undefined || types.denied.length > 0;
  const isDefault = request.contentType === "application/octet-stream";
  return isDefault && !looksAtTypes ? { ...request, contentType: undefined } : request;
}

function readQuery(rawQuery: string): Values | Refusal {
  const parts = rawQuery.split("&", mostParts + 1);
  if (parts.length > mostParts) return badRequest(`The query has more than ${mostParts} parameters.`);
  const values: Partial<Record<keyof Values, string>> = {};
  for (const part of parts) {
    const mark = part.indexOf("=");
    const name = names.find((known) => known === part.slice(0, mark));
    if (name === undefined) continue;
    if (values[name] !== undefined) {
      return badRequest(`The parameter ${name} is there twice; expected one.`);
    }
    const value = decodeOnce(part.slice(mark + 1));
    if (value === undefined) {
      return badRequest(
        `The parameter ${name} is not percent-encoded UTF-8; expected %20 for a space and %2B for "+".`,
      );
    }
    values[name] = value;
  }
  return values;
}

function decodeOnce(text: string): string | undefined {
  if (text.includes("+")) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function otherHost(domain: string): Refusal {
  return {
    kind: "forbidden",
    text: `Slots for users of ${printable(domain, 60)} are not issued here; expected a JID of one of the option's hosts.`,
  };
}

function got(value: string | undefined): string {
  return value === undefined ? "none came" : `got "${printable(value, 40)}"`;
}

function badRequest(text: string): Refusal {
  return { kind: "bad-request", text };
}
