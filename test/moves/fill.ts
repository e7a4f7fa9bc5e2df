import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { goSendxmppUpload, slixmppUpload } from "../peers/clients/clients.ts";
import { type XmppClient, xmppClient } from "../peers/clients/xmpp-client.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import type { FormerService } from "../peers/servers/former/former-service.ts";
import type { Account } from "../peers/servers/xmpp-server.ts";
import { exchange, requestOf } from "./exchange.ts";
import { clientNames, type HardFile } from "./hard-names.ts";

/** A slot of the former service. */
export interface Upload {
  readonly getUrl: string;
  readonly owner: string;
  readonly filename: string;
  /** Undefined: the slot was never used. */
  readonly content: Buffer | undefined;
}

function attribute(text: string): string {
  return text.replace(/[&<>"'\s]/g, (c) => (c === " " ? c : `&#${c.charCodeAt(0)};`));
}

interface Slot {
  readonly getUrl: string;
  readonly putUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks for a slot. Gives undefined where the service refuses the name. */
async function slotFor(client: XmppClient, component: string, file: HardFile): Promise<Slot | undefined> {
  const type = file.contentType === undefined ? "" : ` content-type="${attribute(file.contentType)}"`;
  const reply = await client.iq(
    ...(["get", component] as const),
    `<request xmlns="urn:xmpp:http:upload:0" filename="${attribute(file.filename)}" size="${file.size}"${type}/>`,
  );
  const slot = reply.getChild("slot");
  const [getUrl, put] = [slot?.getChild("get")?.attrs.url, slot?.getChild("put")];
  if (getUrl === undefined || put?.attrs.url === undefined) return undefined;
  const headers = put.getChildren("header").map((each) => [each.attrs.name, each.text()]);
  return { getUrl, putUrl: put.attrs.url, headers: Object.fromEntries(headers) };
}

async function uploadRaw(
  service: FormerService,
  { client, owner }: { readonly client: XmppClient; readonly owner: Account },
  file: HardFile,
  isUsed: boolean,
): Promise<Upload | undefined> {
  const slot = await slotFor(client, service.component(owner.domain), file);
  if (slot === undefined) return undefined;
  const upload = { getUrl: slot.getUrl, owner: owner.jid, filename: file.filename };
  if (!isUsed) return { ...upload, content: undefined };
  const content = randomBytes(file.size);
  const headers = { ...slot.headers, "Content-Type": file.contentType ?? "application/octet-stream" };
  const answer = await exchange(service.port, requestOf("PUT", slot.putUrl, headers, content));
  if (answer.status !== 201) {
    throw new Error(`${service.name}: PUT ${slot.putUrl}: ${answer.status} ${answer.body}`);
  }
  return { ...upload, content };
}

/** What became of the names that a service was asked to take. */
export interface Filled {
  readonly uploads: readonly Upload[];
  /** The names for which it gave no slot. */
  readonly refused: readonly string[];
}

/**
 * Uploads one file for each, by every account of the service's domains in turn. Of the slots at `unused` none is used.
 */
export async function fill(
  service: FormerService,
  files: readonly HardFile[],
  unused: readonly number[] = [],
): Promise<Filled> {
  const accounts = service.xmpp.accounts.filter(({ domain }) => service.domains.includes(domain));
  const users = await Promise.all(
    accounts.map(async (owner) => {
      const { domain, user, password } = owner;
      return { owner, client: await xmppClient({ port: service.xmpp.c2sPort, domain, user, password }) };
    }),
  );
  try {
    const uploads: Upload[] = [];
    const refused: string[] = [];
    for (const [at, file] of files.entries()) {
      const user = users[at % users.length];
      if (user === undefined) throw new Error(`${service.name} has no accounts`);
      const upload = await uploadRaw(service, user, file, !unused.includes(at));
      if (upload === undefined) refused.push(file.filename);
      else uploads.push(upload);
    }
    return { uploads, refused };
  } finally {
    for (const { client } of users) await client.close();
  }
}

/** Uploads by go-sendxmpp and slixmpp. @throws {Error} when one of them fails. */
export async function fillByClients(service: FormerService): Promise<readonly Upload[]> {
  const { c2sPort, c2sTlsPort, ca, accounts } = service.xmpp;
  const [first] = accounts.filter(({ domain }) => service.domains.includes(domain));
  if (first === undefined) throw new Error(`${service.name} has no accounts`);
  const folder = makeFolder("client-files");
  const { jid, password } = first;
  const uploads: Upload[] = [];
  try {
    for (const [at, filename] of clientNames.entries()) {
      const [file, content] = [join(folder, filename), randomBytes(2000 + at)];
      writeFileSync(file, content);
      const options = { jid, password, file, to: jid, ca };
      const { ok, output, getUrl } =
        at % 2 === 0
          ? await slixmppUpload({ ...options, port: c2sTlsPort })
          : await goSendxmppUpload({ ...options, port: c2sTlsPort });
      if (!ok || getUrl === undefined)
        throw new Error(`${service.name} (${c2sPort}): ${filename}: ${output}`);
      uploads.push({ getUrl, owner: jid, filename, content });
    }
    return uploads;
  } finally {
    removeFolder(folder);
  }
}
