import { afterEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { readAddress } from "../../../src/address/address-key.ts";
import { type FormerKindName, formerKinds } from "../../../src/address/former-kinds.ts";
import type { SourceFile, SourceItem } from "../../../src/sources/source.ts";
import { accountsOf, filesOf, keyOf, runSource, sha256Of, skipsOf } from "./run-source.ts";
import { type Sample, type SampleFile, unpackSample } from "./sample.ts";

let sample: Sample | undefined;
afterEach(() => {
  if (sample !== undefined) rmSync(sample.folder, { recursive: true });
  sample = undefined;
});

interface Case {
  readonly sample: string;
  readonly kind: FormerKindName;
  /** In the sample's tar. */
  readonly path: string;
  readonly base: string;
  /** In the sample's tar. */
  readonly database?: string;
  /** `place: reason`. */
  readonly skips: readonly string[];
  /** What the source says of the type: as the client declared it, or as the service served it, by a guess. */
  readonly types: "declared" | "served";
}

const cases: readonly Case[] = [
  {
    sample: "prosody-http_file_share-internal",
    kind: "prosody",
    path: "data",
    base: "https://share.example.org/file_share/",
    skips: ["share%2eexample%2eorg/http_file_share/1BsuYA7DJyINs4jmDvasOoOe.bin~: unfinished"],
    types: "declared",
  },
  {
    sample: "prosody-http_upload-old",
    kind: "prosody-http-upload",
    path: "data",
    base: "https://old.example.org/upload/",
    skips: [
      "http_upload/qNJBhCXPwk62KTpWHv8xP09v/never-uploaded.jpg: metadata-without-file",
      "http_upload/qNJBhCXPwk62KTpWHv8xP09v: junk",
    ],
    types: "served",
  },
  {
    sample: "ejabberd-sha1",
    kind: "ejabberd",
    path: "upload/local.example.org",
    base: "https://local.example.org:5443/upload/",
    skips: [],
    types: "served",
  },
  {
    sample: "prosody-filer",
    kind: "prosody-filer",
    path: "uploads",
    base: "https://files.example.org/v1/",
    skips: [],
    types: "served",
  },
  {
    sample: "xmpp-http-upload",
    kind: "xmpp-http-upload",
    path: "data",
    base: "https://files.example.org/v1/",
    skips: [
      "..data: junk",
      "..meta: junk",
      // Names that were too long for it.
      "92c15f98-329e-4ae6-851e-056a435c0083: junk",
      "a5da2b4f-d773-4329-bee1-dd59ff14e38f: junk",
    ],
    types: "served",
  },
  {
    sample: "share-php-with-type",
    kind: "share-php",
    path: "store",
    base: "https://files.example.org/share.php/",
    skips: [],
    types: "declared",
  },
  {
    sample: "ngx_http_upload",
    kind: "ngx-http-upload",
    path: "root",
    base: "https://files.example.org/",
    skips: [],
    types: "served",
  },
  {
    sample: "hmac-file-server",
    kind: "hmac-file-server",
    path: "hmac/uploads",
    base: "https://files.example.org/",
    database: "hmac/metadata/files.db",
    skips: [],
    types: "served",
  },
];

describe.each(cases)("the sample $sample", ({ sample: name, kind, path, base, database, skips, types }) => {
  async function read(): Promise<SourceItem[]> {
    sample = unpackSample(name);
    const { folder, accounts } = sample;
    return runSource(kind, join(folder, path), {
      ...(accounts === undefined ? {} : { accounts: accountsOf(accounts) }),
      ...(database === undefined ? {} : { database: join(folder, database) }),
    });
  }

  /** By the former URL, as slotd will map it. */
  function find(items: readonly SourceItem[], { get_url }: SampleFile): SourceItem[] {
    const key = readAddress(formerKinds[kind].rule, get_url.slice(base.length))?.key;
    return items.filter((item) => item.kind !== "skip" && keyOf(kind, item) === key);
  }

  test("finds each file by its URL, and nothing else", async () => {
    const items = await read();
    const whole = sample?.files.filter(({ sha256 }) => sha256 !== null) ?? [];
    expect(whole.length).toBeGreaterThan(10);
    for (const file of whole) {
      const [item, another] = find(items, file);
      expect(another).toBeUndefined();
      expect(item).toMatchObject({ kind: "file", size: file.size });
      expect(await sha256Of(item as SourceFile)).toBe(file.sha256 ?? "");
    }
    expect(filesOf(items)).toHaveLength(whole.length);
  });

  test("knows of each file what its tree tells", async () => {
    const items = await read();
    for (const file of sample?.files.filter(({ sha256 }) => sha256 !== null) ?? []) {
      const [item] = find(items, file);
      expect(item).toMatchObject(factsOf(file, kind));
      const { contentType, isTypeGuessed } = item as SourceFile;
      const expected = typeOf(file, types);
      if (expected !== "unknown") expect(contentType).toBe(expected);
      expect(isTypeGuessed).toBe(guesses.includes(kind));
    }
  });

  test("reports what it does not take, and takes what there is no file of for gone where the service said 410", async () => {
    const items = await read();
    expect(skipsOf(items)).toEqual([...skips].sort());
    const gone = sample?.files.filter(({ get_status }) => get_status === 410) ?? [];
    expect(items.filter(({ kind }) => kind === "gone")).toHaveLength(gone.length);
    for (const file of gone) expect(find(items, file)).toMatchObject([{ kind: "gone" }]);
  });
});

const guesses: readonly FormerKindName[] = [
  "prosody-http-upload",
  "ejabberd",
  "prosody-filer",
  "ngx-http-upload",
  "hmac-file-server",
];

function factsOf(file: SampleFile, kind: FormerKindName): Partial<SourceFile> {
  const filename = kind === "share-php" ? undefined : (file.stored_name ?? file.filename);
  return {
    filename,
    owner: file.jid ?? undefined,
    uploaded: new Date((file.slot_time ?? file.mtime ?? 0) * 1000),
    isNameAltered: file.stored_name?.includes("_") ?? false,
  };
}

/** "unknown" where the sample does not say. */
function typeOf(file: SampleFile, types: "declared" | "served"): string | undefined {
  // Prosody's GET of a name with "%" failed, and the type is that of its error.
  if (types === "served" && file.get_status === 404) return "text/plain";
  if (types === "served")
    return file.served_content_type === undefined ? "unknown" : (file.served_content_type ?? undefined);
  // share.php's client sent one with every PUT.
  const sent = file.get_url.includes("/share.php/") ? "application/octet-stream" : undefined;
  return file.content_type ?? sent;
}
