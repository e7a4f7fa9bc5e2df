/** The part of @xmpp/client (which has no types of its own) that the tests use. */
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";

  /** An XML element of ltx. */
  export interface Element {
    readonly name: string;
    readonly attrs: Readonly<Record<string, string | undefined>>;
    readonly children: readonly (Element | string)[];
    is(name: string, xmlns?: string): boolean;
    getNS(): string | undefined;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildText(name: string, xmlns?: string): string | null;
    getChildElements(): Element[];
    text(): string;
    toString(): string;
  }

  export interface Client extends EventEmitter {
    readonly jid: { toString(): string } | null;
    readonly reconnect: { stop(): void };
    /** Milliseconds that a step of the login may take. */
    timeout: number;
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
    write(xml: string): Promise<void>;
  }

  export function client(options: {
    service: string;
    domain: string;
    username: string;
    /** Called with what the server offers of what the client knows. */
    credentials: (
      authenticate: (
        credentials: { readonly username: string; readonly password: string },
        mechanism: string,
      ) => Promise<void>,
      mechanisms: readonly string[],
    ) => Promise<void>;
    resource?: string;
  }): Client;

  export function xml(
    name: string,
    attrs?: Readonly<Record<string, string | undefined>>,
    ...children: readonly (Element | string)[]
  ): Element;
}
