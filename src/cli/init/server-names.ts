/** The XMPP servers for which `slotd init` knows what to add. */
export const serverNames = [
  "prosody",
  "ejabberd",
  "mongooseim",
  "openfire",
  "jabberd2",
  "metronome",
] as const;

export type ServerName = (typeof serverNames)[number];

/** Where the server takes components, unless it is told otherwise or the lines to add say it. */
export function componentAddress(server: ServerName | undefined): string {
  return server === "openfire" ? "127.0.0.1:5275" : "127.0.0.1:5347";
}
