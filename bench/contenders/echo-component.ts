// The least that a component can be: it finds id and sender of each request with string searches, and answers all
// of them with the same slot. Its URL is as long as slotd's, for the server has to read it as well. Arguments: port, domain, secret.
import { createHash } from "node:crypto";
import { connect } from "node:net";

const [port, domain = "", secret = ""] = process.argv.slice(2);
const hex = "0123456789abcdef".repeat(4);
const url = `https://bucket.s3.eu-west-1.amazonaws.com/${hex}/IMG_20260214_183012.jpg`;
const query = [
  "X-Amz-Algorithm=AWS4-HMAC-SHA256",
  "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260214%2Feu-west-1%2Fs3%2Faws4_request",
  "X-Amz-Date=20260214T183012Z",
  "X-Amz-Expires=60",
  "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost",
  `X-Amz-Signature=${hex}`,
].join("&amp;");
const slot = `<slot xmlns='urn:xmpp:http:upload:0'><put url='${url}?${query}'/><get url='${url}'/></slot>`;
const socket = connect(Number(port), "127.0.0.1").setNoDelay(true);
let input = "";
let isOnline = false;

socket.write(
  `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}'>`,
);
socket.on("data", (bytes) => {
  input += bytes.toString("latin1");
  if (isOnline) answer();
  else logIn();
});

function logIn(): void {
  const id = /<stream:stream[^>]*\sid=['"]([^'"]+)/.exec(input)?.[1];
  if (input.includes("<handshake/>") || input.includes("<handshake></handshake>")) {
    isOnline = true;
    input = "";
    console.log("online");
  } else if (id !== undefined) {
    input = "";
    socket.write(
      `<handshake>${createHash("sha1").update(`${id}${secret}`, "utf8").digest("hex")}</handshake>`,
    );
  }
}

function attribute(tag: string, name: string): string {
  const at = tag.search(new RegExp(`\\s${name}=['"]`)) + name.length + 2;
  return tag.slice(at + 1, tag.indexOf(tag.charAt(at), at + 1));
}

function answer(): void {
  let output = "";
  let start = 0;
  let end = input.indexOf("</iq>");
  while (end >= 0) {
    const tag = input.slice(input.indexOf("<iq", start), input.indexOf(">", start) + 1);
    output += `<iq type='result' id='${attribute(tag, "id")}' from='${domain}' to='${attribute(tag, "from")}'>${slot}</iq>`;
    start = end + "</iq>".length;
    end = input.indexOf("</iq>", start);
  }
  input = input.slice(start);
  if (output !== "") socket.write(output, "latin1");
}
