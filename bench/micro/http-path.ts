import { evaluateConditions, mayUseRange } from "../../src/http/conditional.ts";
import { contentDisposition, inlineRule } from "../../src/http/content-disposition.ts";
import { defaultInlineTypes } from "../../src/http/http-service.ts";
import { readObjectPath } from "../../src/http/object-path.ts";
import { readRange } from "../../src/http/range.ts";
import { readRequestHead } from "../../src/http/request-head.ts";
import { uploadCheck } from "../../src/http/upload-check.ts";
import { Metrics } from "../../src/ops/metrics.ts";
import { HotObjects } from "../../src/store/hot-objects.ts";
import { decodeTrailer, encodeTrailer } from "../../src/store/object-file.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { s3Bucket } from "../../src/store/s3-bucket.ts";
import { calls, type Micro } from "./micro.ts";

const publicUrl = "https://upload.example.net";
const region = "slotd";
const key = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };
const token = "0123456789abcdef".repeat(4);
const filename = "IMG_20260214_183012.jpg";
const contentType = "image/jpeg";
const size = 23_456;
const now = new Date();
const expiry = new Date(now.getTime() + 30 * 86_400_000);

const slot = s3Bucket({
  ...{ bucketUrl: publicUrl, region, credentials: { current: () => key }, addAcl: false, echoDeclared: true },
}).slot({ token, filename, size, contentType, expiry }, 300, now);
const target = slot.putUrl.slice(publicUrl.length);
const putHeaders = [
  "Host",
  "upload.example.net",
  "Content-Length",
  String(size),
  "Content-Type",
  contentType,
];
const getHeaders = [
  "Host",
  "upload.example.net",
  "User-Agent",
  "a client",
  "Accept",
  "*/*",
  "Range",
  "bytes=0-",
];

const prefixes: ReadonlySet<string> = new Set([""]);
const noStore: Pick<ObjectStore, "has" | "put"> = { has: async () => false, put: async () => {} };
const check = uploadCheck([
  {
    ...{ publicUrls: [publicUrl], store: noStore, region, maxFileSize: () => undefined },
    keys: [{ value: [key] }],
  },
]);
const put = readRequestHead("PUT", target, putHeaders);
if ("kind" in put) throw new Error(put.text);
const admitted = check(put, now);
if ("kind" in admitted) throw new Error(admitted.text);

const validators = { etag: `"${token}"`, lastModified: now };
const wanted: ReadonlyMap<string, string> = new Map([["range", "bytes=0-"]]);
const header = (name: string) => wanted.get(name);
const isInline = inlineRule(defaultInlineTypes);
const trailer = encodeTrailer({ filename, size: 0, contentType, expiry }, now);
const stamp = { ino: 1, size: trailer.length, mtimeMs: 1 };
const hot = new HotObjects(1024);
for (let times = 0; times < 2; times += 1)
  hot.offer(token, decodeTrailer(trailer, trailer.length), new Uint8Array(), stamp);
const metrics = new Metrics();

/** What an upload and a download cost beside the system's calls. */
export const micros: readonly Micro[] = [
  calls("readRequestHead of a GET", () => readRequestHead("GET", `/${token}/${filename}`, getHeaders)),
  calls("readObjectPath", () => readObjectPath(`/${token}/${filename}`, prefixes)),
  calls("conditions and range", () => [
    evaluateConditions(header, validators, now),
    mayUseRange(header, validators, now) && readRange(header("range"), size),
  ]),
  calls("contentDisposition", () => contentDisposition(contentType, filename, isInline)),
  calls("uploadCheck of a PUT", () => check(put, now)),
  calls("encodeTrailer", () => encodeTrailer({ filename, size, contentType, expiry }, now)),
  calls("decodeTrailer", () => decodeTrailer(trailer, trailer.length)),
  calls("HotObjects.get", () => hot.get(token, () => stamp)),
  calls("Metrics.count", () => metrics.count("httpRequests", { method: "GET", status: "200" })),
];
