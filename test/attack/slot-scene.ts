import { join } from "node:path";
import { freePorts } from "../peers/ports.ts";
import { makeFolder, removeFolder } from "../peers/process.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import { type ComponentServer, startComponentServer } from "./component-server.ts";

const domain = "example.org";
const host = `upload.${domain}`;

/** What a request for a slot came to. */
export type SlotAnswer =
  | { readonly kind: "slot"; readonly putUrl: string; readonly getUrl: string }
  | { readonly kind: "refused"; readonly text: string };

/** What a client states of a file; every value as it is, however hostile. */
export interface Asked {
  readonly from?: string;
  readonly filename?: string;
  readonly size?: number | string;
  readonly type?: string;
  /** Within <request/>. */
  readonly content?: string;
}

/** A slotd with files on disk, and the XMPP server that asks it for slots. */
export class SlotScene {
  readonly folder: string;
  readonly server: ComponentServer;
  readonly slotd: Slotd;
  #count = 0;

  /** @param folder where the files and the ledger are; one of its own when it is left out. */
  static async start(options: string, env: Readonly<Record<string, string>> = {}, folder?: string) {
    const server = await startComponentServer(host);
    const ownFolder = folder ?? makeFolder("slot-scene");
    try {
      const [port = 0] = await freePorts(1);
      const config = `domains = ["${domain}"]
backend = "disk"
${options}
[xmpp]
address = "127.0.0.1:${server.port}"
secret = "any"
[disk]
path = "${join(ownFolder, "data")}"
[http]
listen = "127.0.0.1:${port}"
`;
      return new SlotScene(server, await startSlotd({ config, env }), ownFolder);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  private constructor(server: ComponentServer, slotd: Slotd, folder: string) {
    this.server = server;
    this.slotd = slotd;
    this.folder = folder;
  }

  async ask({ from, filename = "a.txt", size = 5, type, content = "" }: Asked): Promise<SlotAnswer> {
    this.#count += 1;
    const id = `ask-${this.#count}`;
    const declared = type === undefined ? "" : ` content-type='${escaped(type)}'`;
    const answer = await this.server.ask(
      id,
      Buffer.from(
        `<iq type='get' id='${id}' from='${escaped(from ?? `alice@${domain}/phone`)}' to='${host}'><request xmlns='urn:xmpp:http:upload:0' filename='${escaped(filename)}' size='${size}'${declared}>${content}</request></iq>`,
      ),
    );
    const [putUrl, getUrl] = ["put", "get"].map(
      (name) => new RegExp(`<${name} url='([^']*)'`).exec(answer)?.[1],
    );
    if (putUrl !== undefined && getUrl !== undefined) {
      return { kind: "slot", putUrl: putUrl.replaceAll("&amp;", "&"), getUrl };
    }
    const utf8 = Buffer.from(answer, "latin1").toString("utf8");
    return { kind: "refused", text: /<text[^>]*>([\s\S]*?)<\/text>/.exec(utf8)?.[1] ?? utf8 };
  }

  /** Asks for a slot and uploads to it; gives the GET URL, or undefined when it was refused. */
  async upload(from: string, content: Buffer): Promise<string | undefined> {
    const slot = await this.ask({ from, size: content.length });
    if (slot.kind === "refused") return undefined;
    const { status } = await fetch(slot.putUrl, { method: "PUT", body: new Uint8Array(content) });
    if (status !== 201) throw new Error(`an upload was answered ${status}`);
    return slot.getUrl;
  }

  /** Ends it; `keep` leaves the folder for another one. */
  async stop(keep = false): Promise<void> {
    await this.slotd.stop();
    await this.server.stop();
    if (!keep) removeFolder(this.folder);
  }
}

/** A value as it stands in an attribute; controls that XML 1.0 knows as references. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("'", "&apos;")
    .replace(/[\t\n\r]/g, (control) => `&#${control.charCodeAt(0)};`);
}

/** How many of these files are not served. */
export async function missing(urls: readonly string[]): Promise<number> {
  const statuses = await Promise.all(urls.map(async (url) => (await fetch(url)).status));
  return statuses.filter((status) => status !== 200).length;
}
