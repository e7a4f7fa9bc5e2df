import { createServer, type Socket } from "node:net";

/** The two URLs of a slot. */
export interface GivenSlot {
  readonly putUrl: string;
  readonly getUrl: string;
}

/** An XMPP server's side of the components of many domains: it asks for slots, as users of the domains. */
export interface SlotGiver {
  readonly port: number;
  /** Asks the component `upload.DOMAIN` for a slot of `jid` in that domain. @throws {Error} for a refusal. */
  slot(jid: string, file: { readonly filename: string; readonly size: number }): Promise<GivenSlot>;
  stop(): void;
}

/** Listens on a free port of loopback. Takes any secret. */
export async function startSlotGiver(): Promise<SlotGiver> {
  const components = new Map<string, Component>();
  const server = createServer({ noDelay: true }, (socket) => {
    const component = new Component(socket, () => components.set(component.host, component));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async slot(jid, { filename, size }) {
      const domain = jid.slice(jid.indexOf("@") + 1);
      const component = components.get(`upload.${domain}`);
      if (component === undefined) throw new Error(`no component of ${domain} is there`);
      const request = `<request xmlns='urn:xmpp:http:upload:0' filename='${filename}' size='${size}'/>`;
      const answer = await component.ask(`from='${jid}/phone'`, request);
      const [putUrl, getUrl] = ["put", "get"].map((name) =>
        new RegExp(`<${name} url='([^']*)'|<${name} url="([^"]*)"`).exec(answer)?.slice(1).find(Boolean),
      );
      if (putUrl === undefined || getUrl === undefined) throw new Error(`no slot was given: ${answer}`);
      return { putUrl: unescaped(putUrl), getUrl: unescaped(getUrl) };
    },
    stop() {
      server.close();
      for (const component of components.values()) component.end();
    },
  };
}

function unescaped(text: string): string {
  return text.replaceAll("&amp;", "&");
}

/** One stream. Source: XEP-0114 §3. */
class Component {
  host = "";
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (answer: string) => void>();
  #input = "";
  #isOpen = false;
  #count = 0;

  constructor(socket: Socket, onLogin: () => void) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.setEncoding("utf8").on("data", (text: string) => {
      this.#input += text;
      if (this.#isOpen) this.#read();
      else this.#welcome(onLogin);
    });
  }

  ask(from: string, content: string): Promise<string> {
    const id = `q${++this.#count}`;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(`<iq type='get' id='${id}' ${from} to='${this.host}'>${content}</iq>`);
    });
  }

  end(): void {
    this.#socket.destroy();
  }

  #welcome(onLogin: () => void): void {
    const host = /<stream:stream[^>]* to=['"]([^'"]*)['"][^>]*>/.exec(this.#input)?.[1];
    if (this.host === "" && host !== undefined) {
      this.host = host;
      this.#socket.write(
        `<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='${host}' id='giver'>`,
      );
    }
    const end = this.#input.indexOf("</handshake>");
    if (end < 0) return;
    this.#input = this.#input.slice(end + "</handshake>".length);
    this.#isOpen = true;
    this.#socket.write("<handshake/>");
    onLogin();
  }

  /** Everything that comes is an answer to a question, or a question that may wait. */
  #read(): void {
    for (;;) {
      const found = /<iq\b[^>]*?(?:\/>|>[\s\S]*?<\/iq>)/.exec(this.#input);
      if (found === null) return;
      this.#input = this.#input.slice(found.index + found[0].length);
      const id = /\bid=['"]([^'"]*)['"]/.exec(found[0])?.[1] ?? "";
      this.#waiting.get(id)?.(found[0]);
      this.#waiting.delete(id);
      if (/\btype=['"]get['"]/.test(found[0])) {
        this.#socket.write(`<iq type='result' id='${id}' from='x' to='${this.host}'/>`);
      }
    }
  }
}
