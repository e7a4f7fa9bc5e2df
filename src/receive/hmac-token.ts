import { createHmac, timingSafeEqual } from "node:crypto";
import { parseQuery } from "../sigv4/query.ts";
import type { Refusal } from "../slot/refusal.ts";
import type { ReceiverProtocol, ReceiverRequest } from "./receiver.ts";

/** The protocols whose token is in the query. */
export type HmacProtocol = Exclude<ReceiverProtocol, "jwt">;

/** The parameter that a receiver looks at; others are never read, whatever they prove. */
const parameters = { v1: "v", v2: "v2", token: "token" } as const satisfies Record<HmacProtocol, string>;

/** What a client that names no type is taken to have asked for. Source: README of mod_http_upload_external. */
const defaultType = "application/octet-stream";

/**
 * Says why the token in a query is not right, or undefined when it is. The parameter must be there exactly once, in hex
 * of either case; the comparison takes the same time for every wrong token.
 *
 * Source: prosody-modules, mod_http_upload_external, README "Implementation" and `magic_crypto_dust`.
 */
export function hmacProblem(
  protocol: HmacProtocol,
  secret: string,
  request: ReceiverRequest,
): Refusal | undefined {
  const name = parameters[protocol];
  const query = parseQuery(request.rawQuery);
  if (query === undefined) return wrongToken;
  const tokens = query.filter(([each]) => each === name);
  const [token] = tokens;
  if (token === undefined) return missingToken(name);
  if (tokens.length > 1 || !/^[0-9a-f]{64}$/i.test(token[1])) return wrongToken;
  const expected = createHmac("sha256", secret).update(signedText(protocol, request), "utf8").digest();
  return timingSafeEqual(expected, Buffer.from(token[1], "hex")) ? undefined : wrongToken;
}

function signedText(
  protocol: HmacProtocol,
  { path, size, contentType = defaultType }: ReceiverRequest,
): string {
  return protocol === "v1" ? `${path} ${size}` : `${path}\0${size}\0${contentType}`;
}

function missingToken(name: string): Refusal {
  return {
    kind: "bad-signature",
    text: `The URL is not one of a slot: it has no ${name}=. Use the PUT URL exactly as it was given.`,
  };
}

const wrongToken: Refusal = {
  kind: "bad-signature",
  text: "The token of the URL is wrong for this path, size and type. Use the PUT URL exactly as it was given, and the type that the slot was requested with.",
};
