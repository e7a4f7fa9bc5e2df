/** Requests as clients send them, after the XMPP server has put in who asks. */
export interface RequestBatch {
  readonly bytes: Buffer;
  readonly count: number;
}

/** What clients call their files: most names are plain, some are not. */
export const filenames = [
  "IMG_20260214_183012.jpg",
  "voice-message-2026-02-14.m4a",
  "très cool.jpg",
  "Screenshot (3).png",
  "6f1c2c9e-5d0b-4b1e-9d3c-0c8a5d1e7f42.webp",
  "report.pdf",
  "vidéo de vacances.mp4",
  "notes.txt",
] as const;

const types = [
  "image/jpeg",
  "audio/mp4",
  "image/jpeg",
  "image/png",
  "image/webp",
  "application/pdf",
  "video/mp4",
  "text/plain; charset=utf-8",
] as const;

/** The content of a slot request; the number picks name, size and type. */
export function requestElement(number: number): string {
  const filename = filenames[number % filenames.length];
  const type = types[number % types.length];
  return `<request xmlns='urn:xmpp:http:upload:0' filename='${filename}' size='${23456 + number}' content-type='${type}'/>`;
}

/** A piece of component stream with this many slot requests of various users. */
export function slotRequests(domain: string, count: number): RequestBatch {
  const parent = domain.slice(domain.indexOf(".") + 1);
  const stanzas = Array.from(
    { length: count },
    (_, index) =>
      `<iq xml:lang='en' type='get' id='b${index}:sendIQ' from='user${index % 97}@${parent}/phone.${index}' to='${domain}'>${requestElement(index)}</iq>`,
  );
  return { bytes: Buffer.from(stanzas.join("")), count };
}
