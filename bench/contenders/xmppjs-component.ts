/// <reference path="./xmpp-component.d.ts" />
// A component as one writes it with @xmpp/component: it reads the request, makes a random URL and signs nothing.
// Arguments: port, domain, secret.
import { randomBytes } from "node:crypto";
import { component, xml } from "@xmpp/component";

const [port, domain = "", password = ""] = process.argv.slice(2);
const service = component({ service: `xmpp://127.0.0.1:${port}`, domain, password });

service.iqCallee.get("urn:xmpp:http:upload:0", "request", ({ element }) => {
  const { filename = "" } = element.attrs;
  const url = `https://upload.example.net/${randomBytes(32).toString("hex")}/${encodeURIComponent(filename)}`;
  return xml("slot", { xmlns: "urn:xmpp:http:upload:0" }, xml("put", { url }), xml("get", { url }));
});
service.on("online", () => console.log("online"));
service.on("error", (error) => console.error(error.message));
await service.start();
