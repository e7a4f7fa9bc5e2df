import { join } from "node:path";
import { runToEnd } from "../process.ts";

/** One upload by a real client: discovery, slot, PUT, and a message with the GET URL to `to`. */
export interface UploadOptions {
  /** On loopback: c2sTlsPort for go-sendxmpp; c2sPort for slixmpp, or c2sTlsPort with `ca`. */
  readonly port: number;
  /** The sender's bare JID. */
  readonly jid: string;
  readonly password: string;
  /** The path of the file. */
  readonly file: string;
  /** The recipient's bare JID. */
  readonly to: string;
  /** A PEM file with the authority that the client trusts, for XMPP and for HTTP. */
  readonly ca?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which the client is ended: 30,000 when left out. */
  readonly within?: number;
}

export interface UploadResult {
  /** Whether the client says that the upload succeeded. */
  readonly ok: boolean;
  /** The URL that the client sent to the recipient; undefined when it did not come so far. */
  readonly getUrl: string | undefined;
  /** Everything that the client printed. */
  readonly output: string;
}

function unescapeXml(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp|#39|#34);/g, (whole, name) => {
    return name === "#39" ? "'" : name === "#34" ? '"' : (entities[name] ?? whole);
  });
}

/**
 * Uploads with go-sendxmpp (Debian package of that name), which only logs in over TLS: `ca` is wanted.
 * It changes the file name: white space and everything beyond ASCII becomes "_". It takes 200 or 201 as success.
 */
export async function goSendxmppUpload(options: UploadOptions): Promise<UploadResult> {
  const { port, jid, password, file, to, ca, env, within } = options;
  const login = ["-u", jid, "-p", password, "-j", `127.0.0.1:${port}`, "-t"];
  const { ok, output } = await runToEnd(
    {
      name: "go-sendxmpp",
      command: ["go-sendxmpp", "-d", ...login, "-h", file, to],
      env: { ...(ca ? { SSL_CERT_FILE: ca } : {}), ...env },
    },
    within,
  );
  // -d prints every stanza that comes; the slot is one of them.
  const getUrl = /<get url=(['"])(.*?)\1/.exec(output)?.[2];
  return { ok, output, getUrl: getUrl === undefined ? undefined : unescapeXml(getUrl) };
}

/** Uploads with slixmpp (Debian packages python3-slixmpp, python3-aiohttp), under the name the file has. */
export async function slixmppUpload(options: UploadOptions): Promise<UploadResult> {
  const { ok, output, getUrls } = await slixmppUploads(options);
  return { ok, output, getUrl: getUrls[0] };
}

/** The same for every file in the folder `options.file`, in the order of their names as bytes, over one login. */
export async function slixmppUploads(
  options: UploadOptions,
): Promise<Omit<UploadResult, "getUrl"> & { readonly getUrls: readonly string[] }> {
  const { port, jid, password, file, to, ca, env, within } = options;
  const script = join(import.meta.dirname, "slixmpp-upload.py");
  const login = [`${port}`, jid, password, file, to, ...(ca ? [ca] : [])];
  const { ok, output } = await runToEnd(
    {
      name: "slixmpp",
      command: ["/usr/bin/python3", script, ...login],
      env: { PYTHONDONTWRITEBYTECODE: "1", ...(ca ? { SSL_CERT_FILE: ca } : {}), ...env },
    },
    within,
  );
  const getUrls = [...output.matchAll(/^GET URL: (.*)$/gm)].map(([, url = ""]) => url);
  return { ok, output, getUrls };
}
