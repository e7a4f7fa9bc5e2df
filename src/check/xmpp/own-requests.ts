import { randomBytes } from "node:crypto";
import { NS_VERSION } from "../../xmpp/basics.ts";
import type { OpenQuestion, Question } from "../../xmpp/questions.ts";
import { childElements, element, textOf } from "../../xmpp/xml/xml.ts";

/** A component that is online, of slotd or of the check. */
export interface Asker {
  readonly host: string;
  /** The served domain. */
  readonly domain: string;
  /** `timeout`: milliseconds. */
  ask(question: Question, timeout: number): OpenQuestion;
}

export interface AskOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Whether to ask no more as soon as another slotd is seen to answer by the same name: it serves clients. */
  readonly yieldsToOther: boolean;
  /** How long an answer is waited for; milliseconds, 2,000 when absent. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
}

/** What became of requests that the component sent to its own JID, through the server. */
export interface OwnRequests {
  readonly sent: number;
  /** Those that came to this component. */
  readonly arrived: number;
  readonly answered: number;
  /** Who answered in its place: the name of a software, or the condition of an error; each once. */
  readonly others: readonly string[];
  /** The median of requests one at a time, there and back, in milliseconds; undefined when none came back. */
  readonly roundTrip: number | undefined;
  /** What the server takes from the component, where it holds it back; bytes a second. */
  readonly heldTo: number | undefined;
}

/** Requests one at a time, and how long they may take altogether; milliseconds. */
const single = { count: 8, within: 2_000 };
const patience = 2_000;

/** Requests at once, and the length of their ids, which come back in the answers. */
const batch = { count: 16, idLength: 1_000, timeout: 5_000 };
const mostBatches = 4;

/** So many show who gets what is lost. */
const lostBatch = 24;

/** The head and the rest of a request and its answer, beside their ids; bytes. */
const overhead = 600;

/** A server that takes fewer bytes a second than this holds its components back: known shapers are at 1 to 100 kB. */
const heldBelow = 150_000;

/** On a connection that is no faster one at a time, a batch shows nothing. */
const farAway = 100;

/**
 * Sends up to 72 requests to the component's own JID, of 80 kB in all and as much of answers, in a few seconds. Each
 * should come back in, be answered here, and the answer come in too. With another service of the same name on ejabberd,
 * which spreads requests by chance, all of the first 24 come here once in 16 million times.
 */
export async function sendOwnRequests(asker: Asker, options: AskOptions): Promise<OwnRequests> {
  const requests = new OwnRequestSeries(asker, options);
  const begun = options.monotonic();
  for (let i = 0; i < single.count && requests.mayGoOn && !requests.hasLost; i += 1) {
    if (options.monotonic() - begun > single.within) break;
    await requests.send(1, 0, options.patience ?? patience);
  }
  const times = [...requests.times].sort((a, b) => a - b);
  const roundTrip = times[Math.floor(times.length / 2)];
  // What is lost is waited for, and then there is nothing to measure: but more must show who gets it.
  if (requests.hasLost && requests.mayGoOn) await requests.send(lostBatch, 0, options.patience ?? patience);
  const isWhole = roundTrip !== undefined && !requests.hasLost;
  const heldTo = isWhole ? await findPace(requests, roundTrip) : undefined;
  return { ...requests.sums, roundTrip, heldTo };
}

/** A shaper lets some bytes pass at once, and a busy machine is slow now and then: so two in a row must be slow. */
async function findPace(requests: OwnRequestSeries, roundTrip: number): Promise<number | undefined> {
  const [count, idLength] = roundTrip > farAway ? [8, 0] : [batch.count, batch.idLength];
  const bytes = count * (2 * idLength + overhead);
  let slow: number[] = [];
  for (let i = 0; i < mostBatches && requests.mayGoOn && !requests.hasLost; i += 1) {
    const took = await requests.send(count, idLength, batch.timeout);
    const pace = (bytes / took) * 1000;
    const isSlow = pace < heldBelow && took > 3 * roundTrip;
    slow = isSlow ? [...slow, pace] : [];
    if (slow.length === 2) return Math.round(Math.max(...slow));
    if (!isSlow && i >= 2) return undefined;
  }
  return undefined;
}

/** Sends requests and keeps what became of them. */
class OwnRequestSeries {
  readonly #asker: Asker;
  readonly #options: AskOptions;
  readonly #others = new Set<string>();
  /** How long those took that were sent one at a time; milliseconds. */
  readonly times: number[] = [];
  #sent = 0;
  #arrived = 0;
  #answered = 0;
  #isOver = false;
  /** Whether one did not come back. */
  hasLost = false;

  constructor(asker: Asker, options: AskOptions) {
    this.#asker = asker;
    this.#options = options;
  }

  get sums() {
    return {
      ...{ sent: this.#sent, arrived: this.#arrived, answered: this.#answered },
      others: [...this.#others],
    };
  }

  get mayGoOn(): boolean {
    return !this.#isOver && this.#options.signal?.aborted !== true;
  }

  /** @returns how long it took until all were settled; milliseconds. */
  async send(count: number, idLength: number, timeout: number): Promise<number> {
    const { monotonic } = this.#options;
    const begun = monotonic();
    const lost = await Promise.all(Array.from({ length: count }, () => this.#one(idLength, timeout)));
    const took = monotonic() - begun;
    if (lost.includes(true)) this.hasLost = true;
    else if (count === 1) this.times.push(took);
    return Math.max(took, 0.001);
  }

  /** @returns whether it did not come back. */
  async #one(idLength: number, timeout: number): Promise<boolean> {
    const { host } = this.#asker;
    const id = `check-${randomBytes(8).toString("hex")}`.padEnd(idLength, "-");
    const question = this.#asker.ask({ to: host, id, payload: element("query", NS_VERSION) }, timeout);
    const reply = await question.reply;
    this.#sent += 1;
    if (question.hasArrived()) this.#arrived += 1;
    if (reply.kind !== "none") this.#answered += 1;
    if (!question.hasArrived() && reply.kind !== "none") this.#noteOther(reply);
    return reply.kind === "none";
  }

  #noteOther(reply: Exclude<Awaited<OpenQuestion["reply"]>, { readonly kind: "none" }>): void {
    if (this.#others.size >= 5) return;
    const name = reply.kind === "error" ? undefined : nameIn(reply.payload);
    this.#others.add(name ?? (reply.kind === "error" ? `an error, ${reply.condition}` : "no name"));
    if (name === "slotd" && this.#options.yieldsToOther) this.#isOver = true;
  }
}

/** The name of the software in an answer, of up to 60 characters. Source: XEP-0092 §3. */
function nameIn(payload: Parameters<typeof textOf>[0] | undefined): string | undefined {
  const name = payload && childElements(payload).find((child) => child.name === "name");
  return name === undefined ? undefined : textOf(name).slice(0, 60);
}
