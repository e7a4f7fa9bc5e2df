import {
  startEjabberdNode,
  startEjabberdSha1,
  startEjabberdShared,
} from "../peers/servers/former/ejabberd.ts";
import type { FormerService } from "../peers/servers/former/former-service.ts";
import {
  migrateOldUpload,
  startProsodyInternal,
  startProsodyOldUpload,
  startProsodySqlite,
} from "../peers/servers/former/prosody.ts";
import { askAll, baseOf, questionsAbout } from "./ask.ts";
import { fill } from "./fill.ts";
import type { HardFile } from "./hard-names.ts";
import type { Prepared } from "./move.ts";

/** A former service to move, by a word for the command line. */
export interface NamedMove {
  readonly name: string;
  prepare(files: readonly HardFile[]): Promise<Prepared>;
}

function just(start: () => Promise<FormerService>): NamedMove["prepare"] {
  return async () => ({ service: await start(), uploads: [], earlier: new Map() });
}

/** Files of the old module, asked for at their URLs, and then carried over by prosodyctl. */
async function migrated(files: readonly HardFile[]): Promise<Prepared> {
  const old = await startProsodyOldUpload();
  try {
    const { uploads } = await fill(old, files);
    const questions = questionsAbout(uploads, old);
    const earlier = await askAll(old.port, questions);
    const service = await migrateOldUpload(old);
    const [base = ""] = service.urls;
    const moved = uploads.map((upload) => ({
      ...upload,
      getUrl: base + upload.getUrl.slice(baseOf(old, upload).length),
    }));
    return { service, uploads: moved, earlier };
  } catch (error) {
    await old.stop();
    throw error;
  }
}

/** All moves of real services. */
export const moves: readonly NamedMove[] = [
  { name: "prosody-internal", prepare: just(startProsodyInternal) },
  { name: "prosody-sqlite", prepare: just(startProsodySqlite) },
  { name: "prosody-http-upload", prepare: just(startProsodyOldUpload) },
  { name: "prosody-migrated", prepare: migrated },
  { name: "ejabberd-sha1", prepare: just(startEjabberdSha1) },
  { name: "ejabberd-node", prepare: just(startEjabberdNode) },
  { name: "ejabberd-shared", prepare: just(startEjabberdShared) },
];
