import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FormerKindName } from "../../src/address/former-kinds.ts";
import { type Sample, type SampleFile, unpackSample } from "../unit/sources/sample.ts";
import { askAll, dispositionOf, type Question, type Said } from "./ask.ts";
import type { Comparison } from "./compare.ts";
import { type Backend, slotdTarget } from "./slotd-target.ts";

/** The data folder of a former service, with what it said when it served that. */
export interface SampleMove {
  readonly sample: string;
  readonly kind: FormerKindName;
  /** In the sample. */
  readonly path: string;
  readonly url: string;
  /** In the sample. */
  readonly database?: string;
}

export const sampleMoves: readonly SampleMove[] = [
  {
    ...{ sample: "prosody-http_file_share-internal", kind: "prosody", path: "data" },
    url: "https://share.example.org/file_share",
  },
  {
    ...{ sample: "prosody-http_upload-old", kind: "prosody-http-upload", path: "data" },
    url: "https://old.example.org/upload",
  },
  {
    ...{ sample: "ejabberd-sha1", kind: "ejabberd", path: "upload/local.example.org" },
    url: "https://local.example.org:5443/upload",
  },
  {
    ...{ sample: "prosody-filer", kind: "prosody-filer", path: "uploads" },
    url: "https://files.example.org/v1",
  },
  {
    ...{ sample: "xmpp-http-upload", kind: "xmpp-http-upload", path: "data" },
    url: "https://files.example.org/v1",
  },
  {
    ...{ sample: "share-php-with-type", kind: "share-php", path: "store" },
    url: "https://files.example.org/share.php",
  },
  {
    ...{ sample: "ngx_http_upload", kind: "ngx-http-upload", path: "root" },
    url: "https://files.example.org",
  },
  {
    ...{ sample: "hmac-file-server", kind: "hmac-file-server", path: "hmac/uploads" },
    ...{ url: "https://files.example.org", database: "hmac/metadata/files.db" },
  },
];

/** What the service said, by the sample. */
function recorded(file: SampleFile): Said {
  const status = file.get_status ?? (file.sha256 === null ? 404 : 200);
  if (status !== 200) return { status, sha256: undefined, type: undefined, disposition: undefined };
  return {
    status,
    sha256: file.sha256 ?? undefined,
    // share.php keeps the type as it was sent, and says that.
    type: file.served_content_type ?? file.content_type ?? undefined,
    disposition: dispositionOf(file.served_disposition ?? undefined),
  };
}

function questionOf(kind: FormerKindName, { get_url: getUrl, filename, jid }: SampleFile): Question {
  const upload = { getUrl, filename, owner: jid ?? "", content: undefined };
  return { kind, variant: "as handed out", upload, method: "GET", url: getUrl, headers: {} };
}

/** Imports a sample, serves it, and asks for each of its URLs. */
export async function moveSample(move: SampleMove, backend: Backend): Promise<readonly Comparison[]> {
  const sample = unpackSample(move.sample);
  const folder = join(sample.folder, move.path);
  const target = await slotdTarget(backend, { kind: move.kind, folder, urls: [move.url] });
  try {
    await target.run(importArguments(move, sample, target.folder));
    const asked = sample.files.map((file) => ({ file, question: questionOf(move.kind, file) }));
    const after = await askAll(
      target.port,
      asked.map(({ question }) => question),
      false,
    );
    return asked.map(({ file, question }) => {
      const now = after.get(question);
      if (now === undefined) throw new Error(`${question.url} was not asked`);
      const uploaded = file.sha256 ?? undefined;
      return { kind: move.kind, question, before: recorded(file), after: now, uploaded };
    });
  } finally {
    await target.stop();
    rmSync(sample.folder, { recursive: true });
  }
}

function importArguments(move: SampleMove, sample: Sample, folder: string): readonly string[] {
  const accounts = join(folder, "accounts");
  writeFileSync(accounts, (sample.accounts ?? []).map((jid) => `${jid}\n`).join(""));
  return [
    ...["import", move.kind, join(sample.folder, move.path), "--expires-after", "never", "--min-age", "0"],
    ...["--list", join(folder, "list"), "--report", join(folder, "report")],
    ...(sample.accounts === undefined ? [] : ["--accounts", accounts]),
    ...(move.database === undefined ? [] : ["--database", join(sample.folder, move.database)]),
  ];
}
