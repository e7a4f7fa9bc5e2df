// A server that reads uploads and forgets them, and answers GET /SIZE with that many bytes from memory: the ceiling of
// the load generators. Arguments: port, then for TLS the files of certificate and key.
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const [port, cert, key] = process.argv.slice(2);
const answer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

const answers = new Map<number, Buffer>();

function answerOf(size: number): Buffer {
  let answer = answers.get(size);
  if (answer === undefined) {
    answer = Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`),
      Buffer.alloc(size, "0123456789abcdef"),
    ]);
    answers.set(size, answer);
  }
  return answer;
}

function take(socket: Socket): void {
  let left = 0;
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    if (left === 0 && bytes[0] === "G".charCodeAt(0)) {
      socket.write(answerOf(Number(/^GET \/(\d+)/.exec(bytes.toString("latin1"))?.[1])));
      return;
    }
    if (left > 0) left -= bytes.length;
    else {
      const head = bytes.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(bytes.toString("latin1", 0, head))?.[1]);
      left = length - (bytes.length - head - 4);
    }
    if (left === 0) socket.write(answer);
  });
}

const server =
  cert !== undefined && key !== undefined
    ? createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, take)
    : createServer(take);
server.listen(Number(port), "127.0.0.1");
