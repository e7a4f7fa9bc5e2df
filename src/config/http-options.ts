import { z } from "zod";
import { byteSize, global, type Option, path, text } from "./option.ts";
import { parseNetwork, parseOrigin } from "./values.ts";

const smallCount = z.int().min(1).max(1_000_000);

/** 0 is a value here: none. */
const sizeOrNone = z.union([z.literal(0), byteSize.transform((bytes) => bytes ?? 0)]);

/** The options of the disk store that all data folders share. */
export const diskOptions = {
  "disk.reserve": {
    ...global,
    schema: sizeOrNone,
    kind: "size",
    expected: 'a number of bytes from 0, or a text such as "1GiB"',
    default: "256MiB",
    prose:
      "The space on the file system of `disk.path` that uploads leave free: an upload that would use it is answered 507, and downloads go on. Uploads under way count with what they bring in ten minutes at their pace, and with 16 MiB at most while they bring nothing: so one that announces much and is slow takes no room from the others. 0 switches it off.",
    example: '"5GiB"',
  },
  "disk.fsync": {
    ...global,
    schema: z.boolean(),
    kind: "boolean",
    expected: "true or false",
    default: true,
    prose:
      "Whether the answer 201 means that the file survives a power cut: file and folder are synced to the disk before it. Without it a file survives a crash of slotd, but not one of the machine.",
    example: "true",
  },
} as const satisfies Record<string, Option>;

/** The options of the embedded HTTP server. */
export const httpOptions = {
  "http.tls.cert": {
    ...global,
    schema: path,
    kind: "text",
    expected: "the path of a PEM file",
    defaultWords: "none: plain HTTP",
    prose:
      "The certificate of the HTTP server, followed by those that lead to its authority. With it, and `http.tls.key`, slotd speaks TLS itself. Both files are read again when they change; open connections go on.",
    example: '"/etc/letsencrypt/live/upload.example.org/fullchain.pem"',
  },
  "http.tls.key": {
    ...global,
    schema: path,
    kind: "text",
    expected: "the path of a PEM file",
    defaultWords: "none: plain HTTP",
    prose: "The private key of that certificate, without a passphrase.",
    example: '"/etc/letsencrypt/live/upload.example.org/privkey.pem"',
  },
  "http.cors_origins": {
    ...global,
    schema: z.array(text(parseOrigin)).min(1),
    kind: "list",
    expected: 'a list of origins such as "https://chat.example.org", or ["*"]',
    default: ["*"],
    prose:
      'The web clients that may upload and download, by the origin of their page. `"*"` is all of them, which is safe: no cookies or passwords are involved.',
    example: '["https://chat.example.org"]',
  },
  "http.inline_types": {
    ...global,
    schema: z.array(z.string().regex(/^[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+)$/)),
    kind: "list",
    expected: 'a list of media types such as "text/plain" or "image/*"',
    default: ["image/*", "audio/*", "video/*", "text/plain"],
    prose:
      'The types that browsers may show; all others are downloaded. `"image/*"` does not mean SVG and other XML, which can hold scripts: those only by their own names. Whatever is shown, no script in it runs.',
    example: '["image/*", "audio/*", "video/*", "text/plain", "application/pdf"]',
  },
  "http.cache": {
    ...global,
    schema: z.enum(["public", "private"]),
    kind: "text",
    expected: '"public" or "private"',
    default: "public",
    prose:
      'Who may keep a copy of a file until it expires: every cache, such as a CDN before slotd (`"public"`), or only the browser that asked for it (`"private"`).',
    example: '"private"',
  },
  "http.max_uploads": {
    ...global,
    schema: smallCount,
    kind: "integer",
    expected: "a whole number from 1 to 1000000",
    default: 1000,
    prose: "How many uploads may be under way at once; one more is answered 503 with Retry-After.",
    example: "1000",
  },
  "http.max_uploads_per_address": {
    ...global,
    schema: smallCount,
    kind: "integer",
    expected: "a whole number from 1 to 1000000",
    default: 50,
    prose:
      "The same for one client address (for IPv6, one /64 network); one more is answered 429. Behind a proxy, see `http.trusted_proxies`.",
    example: "50",
  },
  "http.max_downloads": {
    ...global,
    schema: smallCount,
    kind: "integer",
    expected: "a whole number from 1 to 1000000",
    default: 2000,
    prose:
      "How many downloads of files over 128 KiB may be under way at once, and as many of smaller ones, which seldom take a moment; one more is answered 503 with Retry-After. One whose client takes nothing costs some 50 KiB of memory and a file descriptor.",
    example: "2000",
  },
  "http.max_downloads_per_address": {
    ...global,
    schema: smallCount,
    kind: "integer",
    expected: "a whole number from 1 to 1000000",
    default: 500,
    prose:
      "The same for one client address (for IPv6, one /64 network); one more is answered 429. All who are behind one NAT, or behind a proxy that sends no X-Forwarded-For, have one address together, and a picture that is posted to a room is fetched by all of them at once.",
    example: "500",
  },
  "http.min_rate": {
    ...global,
    schema: sizeOrNone,
    kind: "size",
    expected: 'a number of bytes from 0, or a text such as "1KiB"',
    default: "1KiB",
    unit: "a second",
    prose:
      "An upload that brings fewer bytes a second than this over half a minute is cut off with 408, and so is one that at its pace would take more than 23 hours, which is the longest that an upload may take; 0 switches both off, but not the 23 hours. Time that slotd's own disk takes does not count for the pace.",
    example: '"1KiB"',
  },
  "http.idle_timeout": {
    ...global,
    schema: z.int().min(1).max(86400),
    kind: "integer",
    expected: "a whole number of seconds from 1 to 86400",
    default: 75,
    unit: "seconds",
    prose:
      "A connection on which nothing happens for so long is closed: between two requests, and in the middle of a transfer. The head of a request has 20 seconds at most. Keep it above the time that a proxy keeps its own connections (nginx: 60).",
    example: "75",
  },
  "http.trusted_proxies": {
    ...global,
    schema: z.array(text(parseNetwork)),
    kind: "list",
    expected: 'a list of IP addresses and networks such as "10.0.0.0/8"',
    default: ["127.0.0.0/8", "::1"],
    prose:
      "The proxies whose X-Forwarded-For is believed; it gives the client address for the log, for `http.max_uploads_per_address` and for `http.max_downloads_per_address`. A Unix socket is always trusted.",
    example: '["127.0.0.0/8", "::1", "10.1.2.3"]',
  },
} as const satisfies Record<string, Option>;
