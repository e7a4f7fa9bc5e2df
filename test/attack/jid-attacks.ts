import { domainToASCII } from "node:url";
import type { Random } from "../fuzz/random.ts";
import type { Attack, AttackOptions, Measure } from "./attack.ts";
import { HOST, iqOf, startStreamTarget } from "./stream-target.ts";

/** ASCII as compatibility characters, such as "ａ" for "a". */
function fullWidth(letter: string): string {
  return /[!-.0-~]/.test(letter) ? String.fromCharCode(letter.charCodeAt(0) + 0xfee0) : letter;
}

/** One way to write a letter, of those that mean the same in a JID. */
function spelled(letter: string, random: Random, more: readonly string[]): string {
  const way = random.below(8);
  if (way === 0) return letter.toUpperCase();
  if (way === 1) return fullWidth(letter);
  if (way === 2) return letter.normalize("NFD");
  return way === 3 ? letter + random.of(more) : letter;
}

const invisible = ["\xad", "\u200b", "\u2060", "\ufe0f"] as const;

function spelledDomain(domain: string, random: Random): string {
  const labels = domain.split(".").map((label) => {
    if (random.below(3) === 0) return domainToASCII(label);
    return [...label].map((letter) => spelled(letter, random, [""])).join("");
  });
  return labels.join(random.of([".", ".", "\u3002"])) + random.of(["", "", "."]);
}

/** A JID as it may be written by whoever does not prepare it; the account is the same. */
function spelledJid(local: string, domain: string, random: Random): string {
  const name = [...local].map((letter) => spelled(letter, random, invisible)).join("");
  return `${name}@${spelledDomain(domain, random)}/${random.of(["Phone", "phone", "ﬁ"])}`;
}

async function spellings({ isShort, random }: AttackOptions): Promise<Measure[]> {
  const target = await startStreamTarget(
    `access = ["*"]
deny = ["Bücher.example", "*.xn--mnchen-3ya.example", "Mallory@example.net."]
quota.user_files = 3
ledger.url = "sqlite:slotd.db"`,
  );
  const times = isShort ? 300 : 20_000;
  let [granted, astray] = [0, 0];
  const ask = async (jid: string): Promise<boolean> => {
    const answer = await target.server.askSlot(jid);
    if (!answer.includes(` to='${jid}'`)) astray += 1;
    return answer.includes("<slot ");
  };
  const denied = [
    () => spelledJid("alice", "bücher.example", random),
    () => spelledJid("alice", "a.münchen.example", random),
    () => spelledJid("mallory", "example.net", random),
    () => `${spelledDomain("bücher.example", random)}/x`,
  ];
  try {
    await target.server.online();
    for (let time = 0; time < times; time += 1) if (await ask(random.of(denied)())) granted += 1;
    let slots = 0;
    for (let time = 0; time < times; time += 1)
      if (await ask(spelledJid("jürgen", "example.org", random))) slots += 1;
    return [
      { what: "slots for who is denied, in other spellings", measured: granted, unit: "answers", atMost: 0 },
      {
        what: "slots for one account, over its quota of 3",
        measured: slots,
        unit: "answers",
        atLeast: 3,
        atMost: 3,
      },
      { what: "answers to another JID than asked", measured: astray, unit: "answers", atMost: 0 },
    ];
  } finally {
    await target.stop();
  }
}

/** Requests of 64 KiB at most that would be echoed at many times their length. */
function longEchoes(random: Random): string[] {
  const ns = (length: number) => "u".repeat(length);
  const from = (length: number) => `<x xmlns:p='${ns(length)}'>${"<p:a/>".repeat(500)}</x>`;
  return [
    ...[100, 1_000, 10_000, 60_000, 1 + random.below(60_000)].map(from),
    `<x a="${"'".repeat(60_000)}"/>`,
    `<x>${'"'.repeat(60_000)}</x>`,
    `<x>${"<p:a xmlns:p='urn:x'/>".repeat(200)}</x>`,
  ];
}

async function echoes({ random }: AttackOptions): Promise<Measure[]> {
  const target = await startStreamTarget();
  try {
    await target.server.online();
    let worst = 0;
    for (const content of longEchoes(random)) {
      const iq = iqOf("echo", content);
      const answer = await target.server.ask("echo", iq);
      if (!answer.includes("type='error'")) throw new Error(`expected an error, got ${answer.slice(0, 200)}`);
      worst = Math.max(worst, answer.length / iq.length);
    }
    await target.server.askSlot();
    return [
      { what: `an answer of ${HOST} against its request`, measured: worst, unit: "x", atMost: 3 },
      { what: "logins", measured: target.server.timesOnline(), unit: "answers", atMost: 1 },
    ];
  } finally {
    await target.stop();
  }
}

/** Who asks, and what is sent back. */
export const jidAttacks: readonly Attack[] = [
  {
    name: "jid-spellings",
    promise: "an account is one account, however its JID is written",
    needs: [],
    run: spellings,
  },
  {
    name: "error-echo",
    promise: "an error is not much longer than the request that it answers",
    needs: [],
    run: echoes,
  },
];
