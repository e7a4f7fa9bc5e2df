/** The part of @xmpp/component (which has no types of its own) that the contender uses. */
declare module "@xmpp/component" {
  import type { EventEmitter } from "node:events";

  export interface Element {
    readonly attrs: Readonly<Record<string, string | undefined>>;
  }

  export interface Component extends EventEmitter {
    readonly iqCallee: {
      get(ns: string, name: string, handler: (context: { readonly element: Element }) => Element): void;
    };
    start(): Promise<unknown>;
  }

  export function component(options: { service: string; domain: string; password: string }): Component;

  export function xml(
    name: string,
    attrs?: Readonly<Record<string, string | undefined>>,
    ...children: readonly (Element | string)[]
  ): Element;
}
