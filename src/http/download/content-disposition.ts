/** Whether browsers may show content of this media type in a window of its own. */
export type InlineRule = (contentType: string) => boolean;

/**
 * Makes the rule from a list of media types, such as "text/plain" and "image/*". SVG and whatever else is XML can
 * carry scripts: "image/*" does not mean them, only their own names do.
 */
export function inlineRule(types: readonly string[]): InlineRule {
  const listed = new Set(types.map((type) => type.toLowerCase()));
  return (contentType) => {
    const essence = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
    if (listed.has(essence)) return true;
    return !essence.endsWith("+xml") && listed.has(`${essence.split("/", 1)[0]}/*`);
  };
}

/**
 * The Content-Disposition of an object: inline, or an attachment. The name is given in both forms: filename* as it
 * is, filename in ASCII for those that cannot read the other.
 *
 * @param contentType a valid media type.
 *
 * Source: RFC 6266 §4 and appendix D, RFC 8187 §3.2.
 */
export function contentDisposition(contentType: string, filename: string, isInline: InlineRule): string {
  const kind = isInline(contentType) ? "inline" : "attachment";
  return `${kind}; filename="${asciiName(filename)}"; filename*=UTF-8''${extendedValue(filename)}`;
}

/** Percent signs go too: some browsers decode them in this form. */
function asciiName(filename: string): string {
  if (/^[\w .-]*$/.test(filename)) return filename;
  return filename
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^\x20-\x7e]|["\\%]/gu, "_");
}

function extendedValue(filename: string): string {
  return encodeURIComponent(filename.toWellFormed()).replace(
    /[*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
