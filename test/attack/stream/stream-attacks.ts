import { defaultLimits } from "../../../src/xmpp/stream-parser.ts";
import type { Attack, AttackOptions, Measure } from "../attack.ts";
import { busyTime, ownTime } from "../own-time.ts";
import { cutAnywhere, malformed } from "./hostile-xml.ts";
import { jidAttacks } from "./jid-attacks.ts";
import { throughServers } from "./stream-server-attacks.ts";
import { forgetPeak, iqOf, type StreamTarget, startStreamTarget } from "./stream-target.ts";
import { flat, hostileShapes, knownShapes, type Shape } from "./xml-shapes.ts";

const MiB = 1024 * 1024;
/** What is asked for here has room for the IQ around it within 64 KiB. */
const WITHIN = 65_000;

/** Runs an attack against a target that has answered enough to be warm. */
async function onTarget(
  warmUp: (target: StreamTarget) => Promise<void>,
  attack: (target: StreamTarget) => Promise<Measure[]>,
  options = "",
): Promise<Measure[]> {
  const target = await startStreamTarget(options);
  try {
    await target.server.online();
    for (let asked = 0; asked < 200; asked += 1) await target.server.askSlot();
    await warmUp(target);
    return await attack(target);
  } finally {
    await target.stop();
  }
}

/** By how much the memory of slotd was higher at some time than before, in bytes. */
async function memoryAbove({ slotd }: StreamTarget, attack: () => Promise<void>): Promise<number> {
  forgetPeak(slotd.process.pid);
  const rest = slotd.process.memory().now;
  await attack();
  return slotd.process.memory().peak - rest;
}

/** What some stanzas and the slot after them cost slotd for each byte, in milliseconds; the least of some rounds. */
async function timeOf({ server, slotd }: StreamTarget, stanza: Buffer, rounds: number): Promise<number> {
  const copies = Buffer.concat([stanza, stanza, stanza, stanza]);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const before = busyTime(slotd.process.pid);
    await server.send(copies);
    await server.askSlot();
    least = Math.min(least, busyTime(slotd.process.pid) - before);
  }
  return least / copies.length;
}

const bytesOf = (shape: Shape, length: number): Buffer => Buffer.from(iqOf("x", shape.make(length)));

async function within64KiB({ isShort, random }: AttackOptions): Promise<Measure[]> {
  const shapes = [...knownShapes, ...hostileShapes(random, isShort ? 12 : 200)];
  const stanzas = shapes.map((shape) => ({ shape, stanza: bytesOf(shape, WITHIN) }));
  const sendAll = async ({ server }: StreamTarget): Promise<void> => {
    for (const { stanza } of stanzas) {
      for (const piece of cutAnywhere(stanza, random)) await server.send(piece);
      await server.askSlot();
    }
  };
  return onTarget(sendAll, async (target) => {
    const above = await memoryAbove(target, () => sendAll(target));
    const rounds = isShort ? 4 : 12;
    const usual = bytesOf(flat, WITHIN);
    const ratioOf = async (stanza: Buffer): Promise<number> =>
      (await timeOf(target, stanza, rounds)) / (await timeOf(target, usual, rounds));
    let worst = { name: "", ratio: 0 };
    for (const { shape, stanza } of stanzas) {
      let ratio = await ratioOf(stanza);
      // What others on the machine take is in one time and not in the other; what slotd takes is in each.
      for (let again = 0; again < 3 && ratio > Math.max(worst.ratio, 2); again += 1)
        ratio = Math.min(ratio, await ratioOf(stanza));
      if (ratio > worst.ratio) worst = { name: shape.name, ratio };
    }
    return [
      { what: "memory above rest, 64 KiB of any shape", measured: above / MiB, unit: "MiB", atMost: 16 },
      { what: `time against a flat stanza (${worst.name})`, measured: worst.ratio, unit: "x", atMost: 3 },
      { what: "logins", measured: target.server.timesOnline(), unit: "answers", atMost: 1 },
    ];
  });
}

interface Oversized {
  readonly shape: string;
  readonly length: number;
  /** Bytes above rest, and above the stanza's own length. */
  readonly memory: number;
  /** Until the next slot, and the longest that others waited; milliseconds. */
  readonly slot: number;
  readonly loop: number;
  readonly isAnswered: boolean;
}

/** Sends one stanza that is too large, in pieces, with a slot request right behind it. */
async function sendOversized(
  target: StreamTarget,
  {
    name,
    stanza,
    pieces,
  }: { readonly name: string; readonly stanza: Buffer; readonly pieces: readonly Buffer[] },
): Promise<Oversized> {
  const { server, slotd, probe } = target;
  let [slot, isAnswered] = [0, false];
  const send = async (): Promise<void> => {
    const answer = server.ask("x", pieces[0] ?? "");
    for (const piece of pieces.slice(1)) await server.send(piece);
    const sent = ownTime(slotd.process.pid);
    await server.askSlot();
    slot = ownTime(slotd.process.pid) - sent;
    isAnswered = (await answer).includes("policy-violation");
  };
  const { result: above, block } = await probe.during(() => memoryAbove(target, send));
  return {
    shape: name,
    length: stanza.length,
    memory: above - stanza.length,
    slot,
    loop: block,
    isAnswered,
  };
}

/** The same some times: what is not slotd's own doing differs each time, so the least of each figure counts. */
async function leastOf(times: number, send: () => Promise<Oversized>): Promise<Oversized> {
  let least = await send();
  for (let time = 1; time < times; time += 1) {
    const next = await send();
    least = {
      shape: next.shape,
      length: next.length,
      memory: Math.max(least.memory, next.memory),
      slot: Math.min(least.slot, next.slot),
      loop: Math.min(least.loop, next.loop),
      isAnswered: least.isAnswered && next.isAnswered,
    };
  }
  return least;
}

async function overTheBounds({ isShort, random }: AttackOptions): Promise<Measure[]> {
  const generated = hostileShapes(random, isShort ? 3 : 40);
  const known = isShort ? knownShapes.filter((_, index) => index % 6 === 0) : knownShapes;
  const sizes = isShort ? [1_000_000] : [70_000, 1_000_000, 16_000_000];
  const warmUp = async ({ server }: StreamTarget): Promise<void> => {
    for (const shape of knownShapes) await server.ask("x", bytesOf(shape, 1_000_000));
  };
  return onTarget(warmUp, async (target) => {
    const seen: Oversized[] = [];
    for (const shape of [...known, ...generated]) {
      for (const size of sizes) {
        const content = shape.make(size);
        // What is passed over: what has fewer characters is answered, after more the stream ends.
        if (content.length <= defaultLimits.maxStanza || content.length > defaultLimits.maxSkipped - 1_000)
          continue;
        const stanza = Buffer.from(iqOf("x", content));
        const pieces = cutAnywhere(stanza, random);
        const name = `${shape.name}, ${stanza.length} bytes`;
        seen.push(await leastOf(3, () => sendOversized(target, { name, stanza, pieces })));
      }
    }
    const most = (
      what: string,
      unit: "MiB" | "ms",
      atMost: number,
      figure: (one: Oversized) => number,
      among: readonly Oversized[] = seen,
    ): Measure => {
      const [worst] = among.toSorted((a, b) => figure(b) - figure(a));
      return {
        what: `${what} (${worst?.shape})`,
        measured: worst ? figure(worst) : Number.NaN,
        unit,
        atMost,
      };
    };
    const [small = [], large = []] = [true, false].map((isSmall) =>
      seen.filter(({ length }) => length < 4 * MiB === isSmall),
    );
    return [
      most("memory above rest and the stanza", "MiB", 16, ({ memory }) => memory / MiB, small),
      most("the next slot after its last byte", "ms", 50, ({ slot }) => slot, small),
      ...(large.length > 0
        ? [most("the same with 16 MB", "MiB", 32, ({ memory }) => memory / MiB, large)]
        : []),
      // What still waits between the server and slotd when the last byte was sent: some MiB of so many.
      ...(large.length > 0 ? [most("the same after 16 MB", "ms", 300, ({ slot }) => slot, large)] : []),
      // Bun reads 512 KiB at a time, into memory that a machine may have to find first.
      ...(large.length > 0
        ? [most("the longest block of the event loop with 16 MB", "ms", 80, ({ loop }) => loop, large)]
        : []),
      most("the longest block of the event loop", "ms", 20, ({ loop }) => loop, small),
      {
        what: "not answered with policy-violation",
        measured: seen.filter(({ isAnswered }) => !isAnswered).length,
        unit: "answers",
        atMost: 0,
      },
      { what: "logins", measured: target.server.timesOnline(), unit: "answers", atMost: 1 },
    ];
  });
}

async function noXml({ isShort, random }: AttackOptions): Promise<Measure[]> {
  // After each a component waits twice as long until it comes again.
  const rounds = isShort ? 2 : 6;
  return onTarget(
    async () => undefined,
    async (target) => {
      const { server } = target;
      let worst = 0;
      for (let round = 1; round <= rounds; round += 1) {
        const [shape] = hostileShapes(random, 1);
        const xml = malformed(random, iqOf("x", shape?.make(WITHIN) ?? ""));
        const above = await memoryAbove(target, async () => {
          for (const piece of cutAnywhere(Buffer.from(xml), random))
            await server.send(piece).catch(() => undefined);
          // What was still good XML, or the middle of some, is none with this.
          await server.send("\0").catch(() => undefined);
          await server.loggedIn(round + 1);
          await server.askSlot();
        });
        worst = Math.max(worst, above);
      }
      return [
        {
          what: "memory above rest, 64 KiB of what is no XML",
          measured: worst / MiB,
          unit: "MiB",
          atMost: 16,
        },
        {
          what: "logins",
          measured: server.timesOnline(),
          unit: "answers",
          atLeast: rounds + 1,
          atMost: rounds + 1,
        },
      ];
    },
  );
}

/** What comes over a component stream, whoever made the server pass it on. */
export const streamAttacks: readonly Attack[] = [
  {
    name: "xml-64-kib",
    promise: "64 KiB on the component stream cost at most 16 MiB and three times what a flat stanza costs",
    needs: [],
    run: within64KiB,
  },
  {
    name: "xml-oversized",
    promise: "a stanza over the bounds costs its own length and 16 MiB, and keeps nobody waiting",
    needs: [],
    run: overTheBounds,
  },
  {
    name: "xml-malformed",
    promise: "what is no XML costs at most 16 MiB, and the component comes again",
    needs: [],
    run: noXml,
  },
  ...jidAttacks,
  ...throughServers,
];
