import { NS_COMPONENT } from "./stanza-error.ts";
import { childElements, type Element, element } from "./xml/xml.ts";

/** What a component asks an entity: an IQ of type get. */
export interface Question {
  readonly to: string;
  readonly payload: Element;
  /** At most 4,096 characters, and of no other question that is open. */
  readonly id: string;
}

/** What a question came to. */
export type Reply =
  | { readonly kind: "result"; readonly payload: Element | undefined }
  /** `condition`: RFC 6120 §8.3.3. */
  | { readonly kind: "error"; readonly condition: string }
  /** Nothing came in time, or the stream was down. */
  | { readonly kind: "none" };

/** A question that was sent. */
export interface OpenQuestion {
  readonly reply: Promise<Reply>;
  /** Whether the question itself came in on this stream: then it was to the component's own JID. */
  readonly hasArrived: () => boolean;
}

interface Waiting {
  readonly to: string;
  hasArrived: boolean;
  settle(reply: Reply): void;
}

/** Open questions of one component at most; more are answered with "none" at once. */
const mostOpen = 256;

/**
 * The questions that a component asks, and the answers to them. Only the entity that was asked can answer: the server
 * vouches for `from`.
 */
export class Questions {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * @param send is given the IQ.
   * @param timeout milliseconds.
   */
  ask(
    { to, payload, id }: Question,
    from: string,
    timeout: number,
    send: (iq: Element) => void,
  ): OpenQuestion {
    if (this.#waiting.size >= mostOpen)
      return { reply: Promise.resolve({ kind: "none" }), hasArrived: () => false };
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const settle = (reply: Reply): void => {
      clearTimeout(timer);
      this.#waiting.delete(id);
      resolve(reply);
    };
    const timer = setTimeout(() => settle({ kind: "none" }), timeout);
    const waiting: Waiting = { to, hasArrived: false, settle };
    this.#waiting.set(id, waiting);
    send(element("iq", NS_COMPONENT, { type: "get", id, from, to }, [payload]));
    return { reply: promise, hasArrived: () => waiting.hasArrived };
  }

  /**
   * Looks whether a stanza belongs to an open question.
   *
   * @returns whether it was the answer to one, so that nobody else need look at it.
   */
  take(stanza: Element): boolean {
    const { name, attrs } = stanza;
    const waiting = this.#waiting.size === 0 || name !== "iq" ? undefined : this.#waiting.get(attrs.id ?? "");
    if (waiting === undefined || attrs.from !== waiting.to) return false;
    if (attrs.type === "get") waiting.hasArrived = true;
    if (attrs.type === "result") waiting.settle({ kind: "result", payload: childElements(stanza)[0] });
    else if (attrs.type === "error") waiting.settle({ kind: "error", condition: conditionOf(stanza) });
    return attrs.type === "result" || attrs.type === "error";
  }

  /** The stream is down: nothing is answered any more. */
  end(): void {
    for (const { settle } of [...this.#waiting.values()]) settle({ kind: "none" });
  }
}

/** Source: RFC 6120 §8.3.2. */
function conditionOf(stanza: Element): string {
  const error = childElements(stanza).find(({ name }) => name === "error");
  const condition = error && childElements(error).find(({ name }) => name !== "text");
  return condition?.name ?? "undefined-condition";
}
