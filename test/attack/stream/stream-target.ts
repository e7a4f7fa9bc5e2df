import { writeFileSync } from "node:fs";
import { freePorts } from "../../peers/ports.ts";
import { makeFolder, removeFolder } from "../../peers/process.ts";
import { type Slotd, startSlotd } from "../../peers/slotd.ts";
import { LoopProbe } from "../../scale/longest-block.ts";
import { type ComponentServer, startComponentServer } from "../component-server.ts";

const DOMAIN = "example.test";

/** A slotd that is attacked through its component stream. */
export interface StreamTarget {
  readonly server: ComponentServer;
  readonly slotd: Slotd;
  /** How long its event loop is held. */
  readonly probe: LoopProbe;
  stop(): Promise<void>;
}

/** The JID of the component of a StreamTarget. */
export const HOST = `upload.${DOMAIN}`;

/** Starts slotd on a stream of our own, with files on S3 and whatever options more. */
export async function startStreamTarget(options = "", more = ""): Promise<StreamTarget> {
  const server = await startComponentServer(HOST);
  const [opsPort = 0] = await freePorts(1);
  const folder = makeFolder("loop");
  const probe = new LoopProbe(folder);
  try {
    const slotd = await startSlotd({
      config: slotdConfig(server.port, opsPort, options, more),
      env: { SLOTD_OPS_SOCKET: "slotd.sock", ...probe.env },
    });
    const stop = async (): Promise<void> => {
      await slotd.process.kill9();
      await slotd.stop();
      await server.stop();
      removeFolder(folder);
    };
    return { server, slotd, probe, stop };
  } catch (error) {
    await server.stop();
    removeFolder(folder);
    throw error;
  }
}

/** slotd.toml for a bucket to which nothing is ever sent. */
export function slotdConfig(componentPort: number, opsPort: number, options = "", more = ""): string {
  return `domains = ["${DOMAIN}"]
backend = "s3"
${options}
[xmpp]
address = "127.0.0.1:${componentPort}"
secret = "s3cret"

[s3]
bucket_url = "https://bucket.s3.eu-west-1.amazonaws.com"
region = "eu-west-1"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

[ops]
listen = "127.0.0.1:${opsPort}"
${more}`;
}

/** An IQ with this content, as a server passes it on. */
export function iqOf(id: string, content: string, type = "get"): string {
  return `<iq type='${type}' id='${id}' from='mallory@${DOMAIN}/x' to='${HOST}'>${content}</iq>`;
}

/** Sets the highest memory of a process so far back to what it has now. Linux only. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
