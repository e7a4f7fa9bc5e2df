import { type S3Answer, S3RequestError } from "../../store/s3/s3-answer.ts";
import { type Finding, ok, warn, wrong } from "../finding.ts";
import { isOk, PROBE_TYPE, type S3Probe } from "../probe.ts";
import type { Check } from "../run-checks.ts";
import { awsPaste, readSetting, writeSetting } from "./s3-settings.ts";

/** What a web client needs. */
export const corsChecks: readonly Check<S3Probe>[] = [{ name: "cors", needs: ["upload"], run: checkCors }];

const rule = {
  AllowedOrigins: ["*"],
  AllowedMethods: ["GET", "HEAD", "PUT"],
  // Named, for "*" was not enough on R2 in reports.
  AllowedHeaders: ["Content-Type", "Range"],
  ExposeHeaders: [
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Last-Modified",
  ],
  MaxAgeSeconds: 86400,
};

/** Source: Fetch standard, "CORS protocol". */
async function checkCors(probe: S3Probe): Promise<Finding> {
  const { origin } = probe.deps;
  const isProxied = probe.target.upload === "proxy";
  const fault = (isProxied ? undefined : await uploadFault(probe)) ?? (await downloadFault(probe));
  if (fault === undefined) {
    const what = isProxied ? "download (clients upload to slotd)" : "upload and download";
    return ok(`CORS: a web client of ${origin} can ${what}.`);
  }
  const text = `CORS: ${fault.text}. Web clients (here: of ${origin}) cannot ${fault.at === "PUT" ? "upload" : "fetch files"}; other clients do not need CORS.`;
  const rule = await corsRule(probe);
  if (rule.paste !== undefined) {
    return wrong(text, 'Set a CORS rule on the bucket, or use s3.upload = "proxy".', rule);
  }
  return fault.at === "PUT"
    ? wrong(
        text,
        'This store has no CORS settings in its S3 interface: use s3.upload = "proxy", with which slotd itself responds to web clients.',
      )
    : warn(
        text,
        "This store has no CORS settings in its S3 interface: links and pictures work in web clients, encrypted files do not.",
      );
}

/** The part that writes nothing. Whether web clients matter is the operator's to say: it is only a warning. */
export async function checkPreflight(probe: S3Probe): Promise<Finding> {
  if (probe.target.upload === "proxy") return ok("slotd itself responds to web clients.");
  const fault = await preflightFault(probe, probe.makeSlot().putUrl);
  if (fault === undefined) return ok("The store allows the preflight.");
  return warn(
    `CORS: ${fault.text}. Web clients cannot upload.`,
    'Run "slotd check" for details, and "slotd check --fix" to set a CORS rule on the bucket.',
  );
}

interface Fault {
  readonly at: "PUT" | "GET";
  readonly text: string;
}

async function uploadFault(probe: S3Probe): Promise<Fault | undefined> {
  const { origin } = probe.deps;
  const slot = probe.makeSlot();
  const fault = await preflightFault(probe, slot.putUrl);
  if (fault !== undefined) return fault;
  const answer = await probe.put(slot, { headers: { origin, "content-type": PROBE_TYPE } });
  if (allowsOrigin(answer, origin)) return undefined;
  const text =
    "the store allows the preflight, but its response to the PUT itself has no Access-Control-Allow-Origin";
  return { at: "PUT", text };
}

/** What a browser asks before the PUT. */
async function preflightFault(probe: S3Probe, url: string): Promise<Fault | undefined> {
  const { origin } = probe.deps;
  const preflight = await probe.send("OPTIONS", url, {
    origin,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "content-type",
  });
  if (!isOk(preflight)) {
    const text = `the store responds to a browser's preflight request with ${preflight.status}`;
    return { at: "PUT", text };
  }
  const lacking = [
    allowsOrigin(preflight, origin) ? undefined : "the origin",
    lists(preflight, "access-control-allow-methods", "PUT") ? undefined : "the method PUT",
    lists(preflight, "access-control-allow-headers", "content-type") ? undefined : "the header Content-Type",
  ].filter((item) => item !== undefined);
  if (lacking.length === 0) return undefined;
  return { at: "PUT", text: `the response to the preflight does not allow ${lacking.join(" and ")}` };
}

async function downloadFault(probe: S3Probe): Promise<Fault | undefined> {
  const { sample, target, deps } = probe;
  if (sample === undefined) return undefined;
  const url = target.access === "private" ? probe.presignedGet(sample) : sample.publicUrl;
  const answer = await probe.send("GET", url, { origin: deps.origin }).catch((error: unknown) => {
    if (error instanceof S3RequestError) return undefined;
    throw error;
  });
  // What does not give the file is what "download" tells.
  if (answer === undefined || !isOk(answer) || !Buffer.from(answer.body).equals(sample.body))
    return undefined;
  if (allowsOrigin(answer, deps.origin)) return undefined;
  return { at: "GET", text: "the response to a GET has no Access-Control-Allow-Origin" };
}

function allowsOrigin({ headers }: S3Answer, origin: string): boolean {
  const allowed = headers.get("access-control-allow-origin");
  return allowed === "*" || allowed === origin;
}

function lists({ headers }: S3Answer, header: string, item: string): boolean {
  const items = (headers.get(header) ?? "").split(",").map((each) => each.trim().toLowerCase());
  return items.includes("*") || items.includes(item.toLowerCase());
}

async function corsRule(probe: S3Probe): Promise<Pick<Finding, "paste" | "fix">> {
  const setting = await readSetting(probe, "cors");
  if (setting.is === "unknown") return {};
  const xml = corsXml(setting.is === "set" ? setting.text : undefined);
  const isMore = setting.is === "set" ? " (add the rules that the bucket has; this replaces them)" : "";
  const aws = awsPaste(probe, "put-bucket-cors", "cors-configuration", { CORSRules: [rule] });
  const paste = [
    { ...aws, title: `${aws.title}${isMore}` },
    { title: `As XML, for s3cmd setcors cors.xml s3://${probe.client.root.name}`, text: xml },
  ];
  if (setting.is === "denied") return { paste };
  const what = `a CORS rule on the bucket ${probe.client.root.name}`;
  return { paste, fix: { what, shown: xml, apply: () => writeSetting(probe, "cors", xml) } };
}

/** The rules that are there with ours behind them. */
function corsXml(there: string | undefined): string {
  const each = (name: string, values: readonly string[]): string =>
    values.map((value) => `    <${name}>${value}</${name}>\n`).join("");
  const ours =
    `  <CORSRule>\n${each("AllowedOrigin", rule.AllowedOrigins)}${each("AllowedMethod", rule.AllowedMethods)}` +
    `${each("AllowedHeader", rule.AllowedHeaders)}${each("ExposeHeader", rule.ExposeHeaders)}` +
    `    <MaxAgeSeconds>${rule.MaxAgeSeconds}</MaxAgeSeconds>\n  </CORSRule>\n`;
  if (there?.includes("</CORSConfiguration>")) {
    return there.replace(/\s*<\/CORSConfiguration>/, () => `\n${ours}</CORSConfiguration>`);
  }
  return `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n${ours}</CORSConfiguration>`;
}
