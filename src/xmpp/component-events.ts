import type { StreamProblem } from "./stream-problem.ts";
import type { Element } from "./xml/xml.ts";

/** Every reason for which a stanza is passed over without an answer. */
export const ignoredReasons = [
  /** A message, or presence. */
  "message",
  "presence",
  /** The result or the error of an IQ, which answers nothing that slotd has asked. */
  "response",
  /** An element or a namespace that is no stanza's. */
  "unknown",
  /** No sender, or an address that is none. */
  "address",
  /** An id of more than 4,096 characters. */
  "id",
  /** Larger than what is read, and no IQ that could be told so. */
  "oversized",
] as const;

/** Why a stanza gets no answer. */
export type IgnoredReason = (typeof ignoredReasons)[number];

/** What a component tells of itself. */
export interface ComponentEvents {
  online(): void;
  /** The stream is down; the next attempt follows in `retryIn` milliseconds. */
  offline(problem: StreamProblem, retryIn: number): void;
  /**
   * Something threw while a stanza was answered; the requester gets internal-server-error.
   *
   * @returns what the requester is told, one sentence or two.
   */
  failed(error: unknown): string;
  /** A stanza is passed over. Must not throw. */
  ignored(stanza: Element, reason: IgnoredReason): void;
}
