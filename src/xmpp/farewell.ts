import { type ConnectTo, openConnection } from "./connection.ts";
import { CLOSE_STREAM, handshake, openStream, type StreamSettings } from "./stream.ts";
import { StreamParser } from "./stream-parser.ts";
import type { Element } from "./xml/xml.ts";

/** How long one farewell may take, in milliseconds. */
const FAREWELL_TIMEOUT = 2_000;

/**
 * Sends answers over a stream of their own: login, answers and the end in one piece, so that the server hardly has
 * the time to pass on more. Gives the stanzas that it did pass on: they are to be answered over another one.
 *
 * Needed because a server goes on passing stanzas to a component until it has read the end of its stream, and takes
 * no answer to them after that. Resolves with what has come when the server does not let it in.
 */
export function farewell(
  connectTo: ConnectTo,
  settings: StreamSettings,
  answers: string,
): Promise<Element[]> {
  const late: Element[] = [];
  return new Promise((resolve) => {
    const socket = openConnection(connectTo, () => socket.write(openStream(settings.host)));
    const giveUp = setTimeout(() => socket.destroy(), FAREWELL_TIMEOUT);
    const parser = new StreamParser({
      opened({ attrs: { id } }) {
        if (id) socket.write(handshake(id, settings.secret) + answers + CLOSE_STREAM);
        else socket.destroy();
      },
      stanza(stanza) {
        if (stanza.name === "iq") late.push(stanza);
      },
      oversized: () => undefined,
      closed: () => socket.end(),
      broken: () => socket.destroy(),
    });
    socket.on("data", (bytes: Uint8Array) => parser.write(bytes));
    socket.on("error", () => socket.destroy());
    socket.once("end", () => socket.end());
    socket.once("close", () => {
      clearTimeout(giveUp);
      resolve(late);
    });
  });
}
