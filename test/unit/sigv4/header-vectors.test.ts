import { expect, test } from "bun:test";
import { hash } from "node:crypto";
import { signAuthorization } from "../../../src/sigv4/authorization.ts";
import { uriEncodePath } from "../../../src/sigv4/encode.ts";
import { parseSigningDate } from "../../../src/sigv4/signing-date.ts";
// AWS's own test suite for SigV4 in the Authorization header (Apache-2.0, from aws-c-auth), without the cases
// whose paths are normalised: S3 never does that.
import vectors from "./header-vectors.json";

const credentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};

test.each(vectors.map((vector) => [vector.name, vector] as const))("AWS's header vector %s", (_, vector) => {
  const { method, path, query, headers, body } = readRequest(vector.request);
  const { host = "", ...others } = headers;
  const payloadHash = hash("sha256", vector.signBody ? body : "", "hex");
  const isTokenSigned = vector.token !== undefined && vector.omitToken !== true;
  const signed = signAuthorization({
    ...{ method, host, query, payloadHash, region: vector.region, service: vector.service },
    path: uriEncodePath(path),
    headers: vector.signBody ? { ...others, "x-amz-content-sha256": payloadHash } : others,
    date: new Date(vector.timestamp),
    credentials: isTokenSigned ? { ...credentials, sessionToken: vector.token } : credentials,
  });
  expect(signed.canonicalRequest).toBe(vector.canonicalRequest);
  expect(signed.stringToSign).toBe(vector.stringToSign);
  expect(signed.headers.authorization).toEndWith(`, Signature=${vector.signature}`);
  expect(signed.headers.authorization).toStartWith(
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/${vector.service}/aws4_request, SignedHeaders=`,
  );
  expect(parseSigningDate(signed.headers["x-amz-date"] ?? "")).toEqual(new Date(vector.timestamp));
  expect(signed.headers["x-amz-security-token"]).toBe(isTokenSigned ? vector.token : undefined);
});

/** Reads a request as the suite writes it: the target unencoded, headers of one name in several lines. */
function readRequest(text: string) {
  const [head = "", body = ""] = text.split(/\r?\n\r?\n/, 2);
  const [start = "", ...lines] = head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  const [, method = "", target = ""] = /^(\S+) (.*) HTTP\/1.1$/.exec(start) ?? [];
  const [path = "", query = ""] = target.split("?", 2);
  const headers: Record<string, string> = {};
  for (const line of lines.filter(Boolean)) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    const value = line.slice(line.indexOf(":") + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  const parameters = query.split("&").filter(Boolean);
  return {
    ...{ method, path, headers, body },
    query: parameters.map((one) => {
      const [name = "", value = ""] = one.split("=", 2);
      return [decodeURIComponent(name), decodeURIComponent(value)] as const;
    }),
  };
}
