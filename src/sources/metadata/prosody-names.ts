const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A host, user or key as Prosody's datamanager names its file: every byte that is not an ASCII letter or digit becomes
 * `%xx`, in lowercase. The result is never "." or a path.
 *
 * Source: Prosody's util.datamanager, `encode`.
 */
export function prosodyEncode(text: string): string {
  if (/^[A-Za-z0-9]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return encoded;
}

/** What `prosodyEncode` made such a name of; undefined for a name that it does not make, or of what is not UTF-8. */
export function prosodyDecode(name: string): string | undefined {
  if (!/^([A-Za-z0-9]|%[0-9a-f]{2})+$/.test(name)) return undefined;
  const bytes = Buffer.from(
    name.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    "latin1",
  );
  try {
    const text = utf8.decode(bytes);
    return prosodyEncode(text) === name ? text : undefined;
  } catch {
    return undefined;
  }
}
