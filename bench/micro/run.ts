// npm run bench:micro [-- NAME]: microseconds of CPU time that one call of each hot function takes.
import { micros as httpPath } from "./http-path.ts";
import { microseconds } from "./micro.ts";
import { micros as sigv4 } from "./sigv4.ts";
import { micros as slotPath } from "./slot-path.ts";

const [name = ""] = process.argv.slice(2);
for (const micro of [...slotPath, ...sigv4, ...httpPath]) {
  if (micro.name.includes(name)) console.log(micro.name.padEnd(34), `${microseconds(micro).toFixed(3)} µs`);
}
