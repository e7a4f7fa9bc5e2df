import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { freePorts } from "../peers/ports.ts";
import { type Slotd, startSlotd } from "../peers/slotd.ts";
import { type ComponentServer, startComponentServer } from "./component-server.ts";
import { ownTime } from "./own-time.ts";

const DOMAIN = "example.test";

/** A slotd that is attacked through its component stream. */
export interface StreamTarget {
  readonly server: ComponentServer;
  readonly slotd: Slotd;
  /** Where /healthz is. */
  readonly opsPort: number;
  stop(): Promise<void>;
}

/** The JID of the component of a StreamTarget. */
export const HOST = `upload.${DOMAIN}`;

/** Starts slotd on a stream of our own, with files on S3 and whatever options more. */
export async function startStreamTarget(options = "", more = ""): Promise<StreamTarget> {
  const server = await startComponentServer(HOST);
  const [opsPort = 0] = await freePorts(1);
  try {
    const slotd = await startSlotd({
      config: slotdConfig(server.port, opsPort, options, more),
      env: { SLOTD_OPS_SOCKET: "slotd.sock" },
    });
    const stop = async (): Promise<void> => {
      await slotd.process.kill9();
      await slotd.stop();
      await server.stop();
    };
    return { server, slotd, opsPort, stop };
  } catch (error) {
    await server.stop();
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

/** Asks /healthz over one connection again and again, which shows for how long slotd does nothing else. */
export interface Probe {
  /** The longest that an answer took since the last call, in milliseconds of own time. */
  worst(): number;
  stop(): void;
}

/** Starts a probe and resolves at its first answer. */
export async function startProbe({ slotd, opsPort }: StreamTarget): Promise<Probe> {
  const { pid } = slotd.process;
  const socket = connect({ port: opsPort, host: "127.0.0.1", noDelay: true });
  const first = Promise.withResolvers<void>();
  let worst = 0;
  let asked = ownTime(pid);
  const ask = (): void => {
    asked = ownTime(pid);
    socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  };
  socket.once("connect", ask);
  socket.on("error", first.reject);
  socket.on("data", () => {
    worst = Math.max(worst, ownTime(pid) - asked);
    first.resolve();
    setTimeout(ask, 1);
  });
  await first.promise;
  return {
    worst() {
      const longest = worst;
      worst = 0;
      return longest;
    },
    stop: () => socket.destroy(),
  };
}
