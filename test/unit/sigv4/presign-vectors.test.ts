import { expect, test } from "bun:test";
import { uriEncodePath } from "../../../src/sigv4/encode.ts";
import { presign } from "../../../src/sigv4/presign.ts";
import { parseSigningDate } from "../../../src/sigv4/signing-date.ts";
import vectors from "./presign-vectors.json" with { type: "json" };

interface Vector {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly date: string;
  readonly expires: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly signature: string;
}

for (const vector of vectors.cases as readonly Vector[]) {
  test(`signs ${vector.method} ${vector.path} of ${vector.host} as published, ${Object.keys(vector.headers).length} more headers`, () => {
    const query = presign({
      method: vector.method,
      host: vector.host,
      path: uriEncodePath(vector.path),
      headers: vector.headers,
      date: parseSigningDate(vector.date)!,
      expires: vector.expires,
      region: vector.region,
      credentials: { accessKeyId: vector.accessKeyId, secretAccessKey: vector.secretAccessKey },
    });
    expect(query).toEndWith(`&X-Amz-Signature=${vector.signature}`);
  });
}
