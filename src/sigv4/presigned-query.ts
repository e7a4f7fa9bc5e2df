import { UNSIGNED_PAYLOAD } from "./canonical-request.ts";
import { type CredentialScope, parseCredential } from "./credential-scope.ts";
import { MAX_EXPIRES } from "./presign.ts";
import { parameterCount, parseQuery, type QueryParameter } from "./query.ts";
import { parseSigningDate, type Seconds } from "./signing-date.ts";
import { ALGORITHM } from "./string-to-sign.ts";

/** What the query of a presigned URL says, well-formed but not yet believed. */
export interface PresignedQuery {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** X-Amz-Date as it came, and what it means. */
  readonly signingDate: string;
  readonly date: Date;
  /** 1 to 604800. */
  readonly expires: Seconds;
  /** Sorted, lowercase, each once, "host" among them. */
  readonly signedHeaders: readonly string[];
  /** 64 lowercase hex digits. */
  readonly signature: string;
  /** All that was signed: every parameter but X-Amz-Signature. */
  readonly signed: readonly QueryParameter[];
  /** All that was signed as it came, where the signature is the last parameter. */
  readonly signedText: string | undefined;
  /** The parameters whose names do not begin with "X-Amz-", in the order they came. */
  readonly extra: readonly QueryParameter[];
}

/** Why a query is not one of a presigned URL: a sentence that names the parameter at fault, and no values. */
export interface MalformedQuery {
  readonly malformed: string;
}

/** The most that the query of a presigned URL may have; slotd's own have less than a third of the bytes. */
export const maxQuery = { bytes: 4096, parameters: 32 } as const;

/**
 * Reads the query (without "?") of a presigned URL, its parameters in any order. Names are case-sensitive. A query over
 * `maxQuery` is not looked at.
 */
export function parsePresignedQuery(rawQuery: string): PresignedQuery | MalformedQuery {
  if (rawQuery.length > maxQuery.bytes) {
    return { malformed: `The query must have at most ${maxQuery.bytes} bytes.` };
  }
  if (parameterCount(rawQuery) > maxQuery.parameters) {
    return { malformed: `The query must have at most ${maxQuery.parameters} parameters.` };
  }
  const parameters = parseQuery(rawQuery);
  if (!parameters) return { malformed: "The query must be name=value pairs in percent-encoded UTF-8." };
  const amz = new Map<string, string>();
  const extra: QueryParameter[] = [];
  for (const parameter of parameters) {
    const [name, value] = parameter;
    if (!name.startsWith("X-Amz-")) extra.push(parameter);
    else if (amz.has(name)) return { malformed: `${quotable(name)} must be given only once.` };
    else amz.set(name, value);
  }
  const missing = required.find((name) => !amz.has(name));
  if (missing) return { malformed: `${missing} is missing from the query.` };
  const end = `&X-Amz-Signature=${amz.get("X-Amz-Signature")}`;
  return readParameters((name) => amz.get(name) ?? "", amz.get("X-Amz-Content-Sha256"), {
    signed: parameters.filter(([name]) => name !== "X-Amz-Signature"),
    signedText: rawQuery.endsWith(end) ? rawQuery.slice(0, -end.length) : undefined,
    extra,
  });
}

const required = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
] as const;

function readParameters(
  value: (name: (typeof required)[number]) => string,
  payloadHash: string | undefined,
  { signed, signedText, extra }: Pick<PresignedQuery, "signed" | "signedText" | "extra">,
): PresignedQuery | MalformedQuery {
  const credential = parseCredential(value("X-Amz-Credential"));
  const signingDate = value("X-Amz-Date");
  const date = parseSigningDate(signingDate);
  const expires = parseExpires(value("X-Amz-Expires"));
  const signedHeaders = parseSignedHeaders(value("X-Amz-SignedHeaders"));
  const signature = value("X-Amz-Signature");
  if (value("X-Amz-Algorithm") !== ALGORITHM) return mustBe("X-Amz-Algorithm", ALGORITHM);
  if (!credential) return mustBe("X-Amz-Credential", "an access key id and a scope ending in /aws4_request");
  if (!date) return mustBe("X-Amz-Date", "a UTC date of the form YYYYMMDDThhmmssZ");
  if (!expires) return mustBe("X-Amz-Expires", `a whole number from 1 to ${MAX_EXPIRES}`);
  if (!signedHeaders) return mustBe("X-Amz-SignedHeaders", "sorted lowercase names, each once, with host");
  if (!/^[0-9a-f]{64}$/.test(signature)) return mustBe("X-Amz-Signature", "64 lowercase hex digits");
  if (payloadHash !== undefined && payloadHash !== UNSIGNED_PAYLOAD) {
    return mustBe("X-Amz-Content-Sha256", `${UNSIGNED_PAYLOAD} or absent`);
  }
  const { accessKeyId, scope } = credential;
  return {
    accessKeyId,
    scope,
    signingDate,
    date,
    expires,
    signedHeaders,
    signature,
    signed,
    signedText,
    extra,
  };
}

function mustBe(name: string, expected: string): MalformedQuery {
  return { malformed: `${name} must be ${expected}.` };
}

function parseExpires(text: string): Seconds | undefined {
  const expires = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return expires >= 1 && expires <= MAX_EXPIRES ? expires : undefined;
}

function parseSignedHeaders(text: string): readonly string[] | undefined {
  const names = text.split(";");
  // A token, less the uppercase letters. Source: RFC 9110 §5.6.2.
  const areNames = names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name));
  const areSorted = names.every((name, at) => at === 0 || (names[at - 1] ?? "") < name);
  return areNames && areSorted && names.includes("host") ? names : undefined;
}

// What a stranger calls a parameter must not put strange characters into an answer or a log.
function quotable(name: string): string {
  return /^[A-Za-z0-9-]{1,40}$/.test(name) ? name : "An X-Amz- parameter";
}
