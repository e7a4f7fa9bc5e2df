import { uriEncode } from "../../src/sigv4/encode.ts";
import { presign } from "../../src/sigv4/presign.ts";
import { signature } from "../../src/sigv4/signature.ts";
import { cachedSigningKeys } from "../../src/sigv4/signing-key.ts";
import { stringToSign } from "../../src/sigv4/string-to-sign.ts";
import { verify } from "../../src/sigv4/verify.ts";
import { calls, type Micro } from "./micro.ts";

const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };
const signingKeys = cachedSigningKeys();
const now = new Date();
const host = "bucket.s3.eu-west-1.amazonaws.com";
const path = `/${"0123456789abcdef".repeat(4)}/IMG_20260214_183012.jpg`;
const headers: Readonly<Record<string, string>> = { "content-length": "23456", "content-type": "image/jpeg" };
const request = {
  method: "PUT",
  host,
  path,
  headers,
  date: now,
  expires: 60,
  region: "eu-west-1",
  credentials,
};
const rawQuery = presign(request, signingKeys);
const key = signingKeys(credentials, { day: "20260214", region: "eu-west-1", service: "s3" });
const toSign = stringToSign("20260214T120000Z", key.scope, rawQuery);

/** Signing and verifying. */
export const micros: readonly Micro[] = [
  calls("presign", () => presign(request, signingKeys)),
  calls("verify", () =>
    verify(
      {
        ...{ method: "PUT", rawPath: path, rawQuery, header: (name: string) => headers[name] },
        ...{ hosts: [host], secretAccessKeyOf: () => credentials.secretAccessKey },
        ...{ region: "eu-west-1", now },
      },
      signingKeys,
    ),
  ),
  calls("stringToSign (one SHA-256)", (number) =>
    stringToSign("20260214T120000Z", key.scope, rawQuery + number),
  ),
  calls("signature (one HMAC)", (number) => signature(key.key, toSign + number)),
  calls("uriEncode, a plain name", () => uriEncode("IMG_20260214_183012.jpg")),
  calls("uriEncode, any name", () => uriEncode("très cool (3).jpg")),
];
