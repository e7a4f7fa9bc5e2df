import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FormerKindName } from "../../src/address/former-kinds.ts";
import { type Sample, type SampleFile, unpackSample } from "../unit/sources/sample.ts";
import { askAll, dispositionOf, type Question, type Said } from "./ask.ts";
import type { Comparison } from "./compare.ts";
import { type Backend, type SlotdTarget, slotdWith } from "./slotd-target.ts";

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
    disposition: dispositionOf(headerText(file.served_disposition ?? undefined)),
  };
}

/** Header fields are recorded byte by byte. */
function headerText(recorded: string | undefined): string | undefined {
  if (recorded === undefined || /[^\0-\xff]/.test(recorded)) return recorded;
  return Buffer.from(recorded, "latin1").toString("utf8");
}

/** Two services of the samples had the same URLs: here each has a host of its own. */
function inOwnHost(url: string, { sample }: SampleMove): string {
  return url.replace(/^https:\/\/[^/:]+/, `https://${sample.replaceAll("_", "-")}.example`);
}

function questionOf(move: SampleMove, file: SampleFile): Question {
  const url = inOwnHost(file.get_url, move);
  const upload = { getUrl: url, filename: file.filename, owner: file.jid ?? "", content: undefined };
  return { kind: move.kind, variant: "as handed out", upload, method: "GET", url, headers: {} };
}

function tableFor(move: SampleMove): string {
  const url = JSON.stringify(inOwnHost(move.url, move));
  return `[former.${move.sample}]\nkind = "${move.kind}"\nurls = [${url}]\n`;
}

/** What slotd says of a sample. */
export interface MovedSample {
  readonly sample: string;
  readonly comparisons: readonly Comparison[];
}

/** Imports every sample into one slotd, which serves them, and asks for each of their URLs. */
export async function moveSamples(backend: Backend): Promise<readonly MovedSample[]> {
  const target = await slotdWith(backend, sampleMoves.map(tableFor).join(""));
  try {
    const moved: MovedSample[] = [];
    for (const move of sampleMoves) {
      moved.push({ sample: move.sample, comparisons: await moveSample(move, target) });
    }
    return moved;
  } finally {
    await target.stop();
  }
}

async function moveSample(move: SampleMove, target: SlotdTarget): Promise<readonly Comparison[]> {
  const sample = unpackSample(move.sample);
  try {
    await target.run(importArguments(move, sample, target.folder));
    const asked = sample.files.map((file) => ({ file, question: questionOf(move, file) }));
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
