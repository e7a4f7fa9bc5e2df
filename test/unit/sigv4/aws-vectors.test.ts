import { expect, test } from "bun:test";
import { hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalRequest, type SignedHeader } from "../../../src/sigv4/canonical-request.ts";
import { credentialScope } from "../../../src/sigv4/credential-scope.ts";
import { uriEncodePath } from "../../../src/sigv4/encode.ts";
import { canonicalQuery, type QueryParameter } from "../../../src/sigv4/query.ts";
import { signature } from "../../../src/sigv4/signature.ts";
import { dayOf, formatSigningDate } from "../../../src/sigv4/signing-date.ts";
import { deriveSigningKey } from "../../../src/sigv4/signing-key.ts";
import { ALGORITHM, stringToSign } from "../../../src/sigv4/string-to-sign.ts";

// AWS's own test suite for SigV4, when it lies beside the checkout. Every step is compared, not the result alone.
const folder = join(import.meta.dir, "../../../../shared/vectors/sigv4");

const leftOut = new Map([
  ["get-relative-normalized", "S3 never normalises a path"],
  ["get-relative-relative-normalized", "S3 never normalises a path"],
  ["get-slash-dot-slash-normalized", "S3 never normalises a path"],
  ["get-slash-normalized", "S3 never normalises a path"],
  ["get-slash-pointless-dot-normalized", "S3 never normalises a path"],
  ["get-slashes-normalized", "S3 never normalises a path"],
  ["post-sts-header-after", "S3 signs the session token; this adds it afterwards"],
]);

interface Context {
  readonly credentials: {
    readonly access_key_id: string;
    readonly secret_access_key: string;
    readonly token?: string;
  };
  readonly expiration_in_seconds: number;
  readonly region: string;
  readonly service: string;
  readonly sign_body: boolean;
  readonly timestamp: string;
}

const names = existsSync(folder) ? readdirSync(folder) : [];

for (const name of names.filter((one) => !leftOut.has(one))) {
  test(`AWS's vector ${name}`, () => {
    const file = (part: string) => readFileSync(join(folder, name, part), "utf8");
    const context: Context = JSON.parse(file("context.json"));
    const steps = signSteps(context, readRequest(file("request.txt")));
    expect(steps.canonical).toBe(file("query-canonical-request.txt"));
    expect(steps.toSign).toBe(file("query-string-to-sign.txt"));
    expect(steps.signature).toBe(file("query-signature.txt"));
  });
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: readonly QueryParameter[];
  readonly headers: readonly SignedHeader[];
  readonly body: string;
}

function signSteps(context: Context, request: Request) {
  const { region, service, credentials } = context;
  const signingDate = formatSigningDate(new Date(context.timestamp));
  const scope = { day: dayOf(signingDate), region, service };
  const query: QueryParameter[] = [
    ...request.query,
    ["X-Amz-SignedHeaders", request.headers.map(([name]) => name).join(";")],
    ["X-Amz-Expires", String(context.expiration_in_seconds)],
    ["X-Amz-Date", signingDate],
    ["X-Amz-Credential", `${credentials.access_key_id}/${credentialScope(scope)}`],
    ["X-Amz-Algorithm", ALGORITHM],
  ];
  if (credentials.token !== undefined) query.push(["X-Amz-Security-Token", credentials.token]);
  const canonical = canonicalRequest({
    method: request.method,
    path: uriEncodePath(request.path),
    query: canonicalQuery(query),
    headers: request.headers,
    payloadHash: hash("sha256", context.sign_body ? request.body : "", "hex"),
  });
  const toSign = stringToSign(signingDate, credentialScope(scope), canonical);
  const accessKey = {
    accessKeyId: credentials.access_key_id,
    secretAccessKey: credentials.secret_access_key,
  };
  return { canonical, toSign, signature: signature(deriveSigningKey(accessKey, scope).key, toSign) };
}

/** Reads a request as the suite writes it: the target unencoded, headers of one name in several lines. */
function readRequest(text: string): Request {
  const [head = "", body = ""] = text.split(/\r?\n\r?\n/, 2);
  const [start = "", ...lines] = head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  const [, method = "", target = ""] = /^(\S+) (.*) HTTP\/1.1$/.exec(start) ?? [];
  const [path = "", query] = target.split("?", 2);
  const headers = new Map<string, string>();
  for (const line of lines.filter(Boolean)) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    const value = line.slice(line.indexOf(":") + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value);
  }
  const parameters = (query ?? "").split("&").filter(Boolean);
  return {
    method,
    path,
    query: parameters.map((one) => {
      const [name = "", value = ""] = one.split("=", 2);
      return [decodeURIComponent(name), decodeURIComponent(value)];
    }),
    headers: [...headers].sort(([a], [b]) => (a < b ? -1 : 1)),
    body,
  };
}
