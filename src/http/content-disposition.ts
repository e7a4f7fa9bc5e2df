/**
 * The Content-Disposition of an object: what browsers show without running it is inline, everything else is
 * an attachment. The name is given in both forms: filename* as it is, filename in ASCII for those that cannot
 * read the other.
 *
 * @param contentType a valid media type.
 *
 * Source: RFC 6266 §4 and appendix D, RFC 8187 §3.2.
 */
export function contentDisposition(contentType: string, filename: string): string {
  const kind = mayShow(contentType) ? "inline" : "attachment";
  return `${kind}; filename="${asciiName(filename)}"; filename*=UTF-8''${extendedValue(filename)}`;
}

function mayShow(contentType: string): boolean {
  const essence = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  // SVG, and whatever else is XML, can carry scripts.
  if (essence.endsWith("+xml")) return false;
  return essence === "text/plain" || /^(image|audio|video)\//.test(essence);
}

/** Percent signs go too: some browsers decode them in this form. */
function asciiName(filename: string): string {
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
