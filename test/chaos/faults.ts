import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { WeakLink } from "../peers/clients/weak-link.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { sendMalformed } from "./malformed.ts";

/** Something that goes wrong around slotd, and comes right again. */
export interface Fault {
  readonly name: string;
  begin(): Promise<void> | void;
  /** Milliseconds that it lasts after begin(). */
  readonly lasts: number;
  end(): Promise<void> | void;
}

/** Where slotd stands, and what can be done to it. */
export interface Surroundings {
  readonly server: XmppServer;
  readonly s3: WeakLink;
  readonly database: { kill9(): Promise<void>; restart(): Promise<void> };
  readonly pid: number;
  readonly httpPort: number;
  /** The mounted folder of the disk backend. */
  readonly disk: string;
  /** What the clock of slotd follows: seconds to add, such as "+3600". */
  readonly clockFile: string;
}

/** Every fault, in the order in which they come. */
export function faultsOf(around: Surroundings): readonly Fault[] {
  const { server, s3, database } = around;
  return [
    {
      name: "XMPP server killed and restarted",
      begin: () => server.kill9(),
      lasts: 5_000,
      end: () => server.restart(),
    },
    { name: "XMPP server restarted properly", begin: () => server.restart(), lasts: 0, end: () => undefined },
    {
      name: "XMPP server frozen for 15 s",
      begin: () => server.freeze(),
      lasts: 15_000,
      end: () => server.thaw(),
    },
    {
      name: "XMPP server frozen for 55 s",
      begin: () => server.freeze(),
      lasts: 55_000,
      end: () => server.thaw(),
    },
    { name: "S3 cut off", begin: () => s3.cut(), lasts: 10_000, end: () => s3.repair() },
    { name: "S3 slow (300 ms a packet)", begin: () => s3.slow(300), lasts: 10_000, end: () => s3.repair() },
    {
      name: "PostgreSQL killed and restarted",
      begin: () => database.kill9(),
      lasts: 8_000,
      end: () => database.restart(),
    },
    diskFull(around),
    clockStepped("forward by an hour", "+3600", around),
    clockStepped("back by an hour", "-3600", around),
    noDescriptors(around),
    {
      name: "10,000 malformed and oversize stanzas",
      begin: () => sendMalformed(server, "example.test", 10_000),
      lasts: 0,
      end: () => undefined,
    },
  ];
}

function diskFull({ disk }: Surroundings): Fault {
  const ballast = join(disk, "ballast");
  return {
    name: "disk full",
    begin() {
      try {
        execFileSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=64k"], { stdio: "ignore" });
      } catch {
        // It ends when there is no space, which is what is wanted.
      }
    },
    lasts: 8_000,
    end: () => rmSync(ballast, { force: true }),
  };
}

function clockStepped(how: string, offset: string, { clockFile }: Surroundings): Fault {
  return {
    name: `clock stepped ${how}`,
    begin: () => writeFileSync(clockFile, `${offset}\n`),
    lasts: 8_000,
    end: () => writeFileSync(clockFile, "+0\n"),
  };
}

/** Takes all descriptors that slotd may have: a low limit, and more connections than that. */
function noDescriptors({ pid, httpPort }: Surroundings): Fault {
  const held: Socket[] = [];
  let before = "";
  return {
    name: "file descriptors exhausted",
    begin() {
      before = execFileSync(
        "prlimit",
        ["--pid", String(pid), "--nofile", "--noheadings", "--output", "SOFT"],
        {
          encoding: "utf8",
        },
      ).trim();
      execFileSync("prlimit", ["--pid", String(pid), "--nofile=128:"]);
      for (let i = 0; i < 300; i += 1) {
        const socket = connect({ port: httpPort, host: "127.0.0.1" });
        socket.on("error", () => socket.destroy());
        held.push(socket);
      }
    },
    lasts: 10_000,
    end() {
      for (const socket of held) socket.destroy();
      held.length = 0;
      execFileSync("prlimit", ["--pid", String(pid), `--nofile=${before}:`]);
    },
  };
}
