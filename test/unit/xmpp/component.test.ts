import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { pingRoute } from "../../../src/xmpp/basics.ts";
import { Component } from "../../../src/xmpp/component.ts";
import { type Route, Router } from "../../../src/xmpp/router.ts";
import { handshake } from "../../../src/xmpp/stream.ts";

const settings = { host: "upload.example.net", domain: "example.net", address: "loopback", secret: "s3cret" };
const header =
  "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='x1'>";
const ping = (id: string): string =>
  `<iq type='get' id='${id}' from='a@example.net/r' to='upload.example.net'><ping xmlns='urn:xmpp:ping'/></iq>`;

const answer = (id: string): string =>
  `<iq type='result' id='${id}' from='upload.example.net' to='a@example.net/r'/>`;

/** A server that lets a component in and hands what the connection sends after that to `received`. */
class FakeServer {
  readonly connections: string[] = [];
  readonly #server: Server;
  #received: (connection: number, text: string, socket: Socket) => void = () => undefined;

  /** @param greeting what is sent to a component as soon as it is in. */
  constructor(greeting = "") {
    this.#server = createServer((socket) => {
      const index = this.connections.push("") - 1;
      let isIn = false;
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes) => {
        let text = bytes.toString();
        if (text.includes("<stream:stream")) socket.write(header);
        const login = handshake("x1", settings.secret);
        if (!isIn && text.includes(login)) {
          isIn = true;
          socket.write(`<handshake/>${greeting}`);
          text = text.slice(text.indexOf(login) + login.length);
        }
        if (!isIn || text === "") return;
        this.connections[index] += text;
        this.#received(index, text, socket);
      });
    });
  }

  listen(received: (connection: number, text: string, socket: Socket) => void): Promise<number> {
    this.#received = received;
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as { port: number }).port));
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const ignored: string[] = [];

describe("a component that stops", () => {
  let server: FakeServer;
  afterEach(() => server.stop());

  const start = async (port: number, routes: readonly Route[]): Promise<Component> => {
    const online = Promise.withResolvers<void>();
    const component = new Component(
      {
        settings,
        connectTo: { host: "127.0.0.1", port, tls: undefined },
        router: new Router(settings.host, routes),
      },
      {
        events: {
          online: online.resolve,
          offline: () => undefined,
          failed: () => "It failed.",
          ignored: (stanza, reason) => ignored.push(`${stanza.name} ${reason}`),
        },
        monotonic: () => performance.now(),
        random: () => 0.5,
      },
    );
    component.start();
    await online.promise;
    return component;
  };

  test("answers over another stream what the server passed on before it had read the end", async () => {
    server = new FakeServer();
    let isFirstLate = true;
    const port = await server.listen((_, text, socket) => {
      if (!text.includes("</stream:stream>")) return;
      // Two ends in a row with stanzas on the way: the second farewell finds nothing more.
      if (server.connections.length === 1) socket.write(ping("late-1") + ping("late-2"));
      else if (isFirstLate) {
        isFirstLate = false;
        socket.write(ping("later"));
      }
      socket.end("</stream:stream>");
    });
    const component = await start(port, [pingRoute]);
    await component.stop();
    expect(server.connections).toEqual([
      "</stream:stream>",
      `${answer("late-1")}${answer("late-2")}</stream:stream>`,
      `${answer("later")}</stream:stream>`,
    ]);
  });

  test("sends the answers that were still to be decided before the end", async () => {
    server = new FakeServer(ping("slow"));
    const port = await server.listen((_, text, socket) => {
      if (text.includes("</stream:stream>")) socket.end("</stream:stream>");
    });
    const asked = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<void>();
    const handle: Route["handle"] = async () => {
      asked.resolve();
      await decided.promise;
      return { result: undefined };
    };
    const component = await start(port, [{ ...pingRoute, handle }]);
    await asked.promise;
    const stopped = component.stop();
    decided.resolve();
    await stopped;
    expect(server.connections.join("")).toBe(`${answer("slow")}</stream:stream>`);
  });

  test("has told of each stanza that it passed over, large ones too", async () => {
    ignored.length = 0;
    const large = `<body>${"x".repeat(70_000)}</body>`;
    server = new FakeServer(
      `<message from='a@b' to='c'/><message from='a@b' to='c'>${large}</message><iq type='result' id='ping-1-1'/>${ping("last")}`,
    );
    const answered = Promise.withResolvers<void>();
    const port = await server.listen((_, text, socket) => {
      if (text.includes("last")) answered.resolve();
      if (text.includes("</stream:stream>")) socket.end("</stream:stream>");
    });
    const component = await start(port, [pingRoute]);
    await answered.promise;
    await component.stop();
    // The answer to its own ping is none that it passed over.
    expect(ignored).toEqual(["message message", "message oversized"]);
  });
});
