import type { FormerService } from "../peers/servers/former/former-service.ts";
import { startNginxWith } from "../peers/servers/nginx-lines.ts";
import { askAll, type Question, questionsAbout, type Said } from "./ask.ts";
import type { Comparison } from "./compare.ts";
import { sha256 } from "./exchange.ts";
import { fill, fillByClients, type Upload } from "./fill.ts";
import type { HardFile } from "./hard-names.ts";
import { type ImportedCounts, importFrom, usageOf, verifyList } from "./import-run.ts";
import { type Backend, type SlotdTarget, slotdTarget } from "./slotd-target.ts";

/** A former service, and what was done with it before the move begins. */
export interface Prepared {
  readonly service: FormerService;
  readonly uploads: readonly Upload[];
  /** What it said earlier, under bases that it does not answer for any more. */
  readonly earlier: ReadonlyMap<Question, Said>;
}

export interface MoveOptions {
  prepare(): Promise<Prepared>;
  readonly files: readonly HardFile[];
  /** Whether go-sendxmpp and slixmpp upload too. */
  readonly hasClients: boolean;
  /** Stores for slotd: the former service is moved into each. */
  readonly backends: readonly Backend[];
}

/** How a move into one store went. */
export interface Moved {
  readonly service: string;
  readonly backend: Backend["name"];
  readonly comparisons: readonly Comparison[];
  /** Of the three imports: two while the former service runs, one after it has ended. */
  readonly imports: readonly ImportedCounts[];
  /** What is otherwise than it has to be, one sentence each. */
  readonly problems: readonly string[];
}

/** Files that come between the first and the second import, and between the second and the last. */
const later: readonly (readonly HardFile[])[] = [
  [{ filename: "between + the %imports.jpg", contentType: "image/jpeg", size: 1234 }],
  [{ filename: "at the last ü moment.txt", contentType: "text/plain", size: 99 }],
];

/**
 * Moves a former service as its operator does: uploads, an import while it runs, more uploads, another import, more
 * uploads; then all that clients could ask is asked; the service ends; the last import; nginx and slotd take the place,
 * and all is asked again.
 */
export async function move(options: MoveOptions): Promise<readonly Moved[]> {
  const prepared = await options.prepare();
  const { service } = prepared;
  const targets: Target[] = [];
  try {
    const uploads = [...prepared.uploads, ...(await uploadAll(service, options))];
    for (const backend of options.backends) {
      targets.push({ backend, target: await slotdTarget(backend, service), imports: [], problems: [] });
    }
    for (const some of later) {
      await Promise.all(targets.map((each) => importInto(each, service, uploads)));
      uploads.push(...(await fill(service, some)).uploads);
    }
    const questions = questionsAbout(uploads, service);
    const before = new Map([...prepared.earlier, ...(await askAll(service.port, questions))]);
    await service.shutDown();
    const moved: Moved[] = [];
    for (const each of targets) {
      await importInto(each, service, uploads);
      const { after, problems } = await takePlace(service, each.target, [...before.keys()], uploads);
      moved.push({
        ...{ service: service.name, backend: each.backend.name, imports: each.imports },
        comparisons: compare(service, before, after),
        problems: [...each.problems, ...problems],
      });
    }
    return moved;
  } finally {
    for (const { target } of targets) await target.stop();
    await service.stop();
  }
}

/** A slotd, and what came of the imports into it. */
interface Target {
  readonly backend: Backend;
  readonly target: SlotdTarget;
  readonly imports: ImportedCounts[];
  readonly problems: string[];
}

/** One more import, which has to take what is new and nothing else. */
async function importInto(
  { target, imports, problems }: Target,
  service: FormerService,
  uploads: readonly Upload[],
): Promise<void> {
  const earlier = imports.reduce((sum, { taken }) => sum + taken, 0);
  const files = uploads.filter(({ content }) => content !== undefined).length;
  const counts = await importFrom(service, target);
  imports.push(counts);
  if (counts.taken === files - earlier && counts.present === earlier) return;
  const expected = `${files - earlier} files to be taken and ${earlier} to be there`;
  problems.push(`Import ${imports.length} says ${JSON.stringify(counts)}; expected ${expected}.`);
}

async function uploadAll(service: FormerService, options: MoveOptions): Promise<readonly Upload[]> {
  // One slot stays unused.
  const { uploads } = await fill(service, options.files, [2]);
  return [...uploads, ...(options.hasClients && service.isReachable ? await fillByClients(service) : [])];
}

/** slotd behind nginx, on the port of the service that has ended. */
async function takePlace(
  service: FormerService,
  target: SlotdTarget,
  questions: readonly Question[],
  uploads: readonly Upload[],
): Promise<{ readonly after: ReadonlyMap<Question, Said>; readonly problems: readonly string[] }> {
  const nginx = await startNginxWith(target.nginxLines, [service.port], service.xmpp.certificates);
  try {
    const after = await askAll(service.port, questions);
    const problems = [
      ...(await wrongUsage(service, target, uploads)),
      ...(await verifyList(service, target)),
    ];
    return { after, problems };
  } finally {
    await nginx.stop();
  }
}

/** Whether the ledger has every file of every owner, and nothing else. */
async function wrongUsage(
  service: FormerService,
  target: SlotdTarget,
  uploads: readonly Upload[],
): Promise<readonly string[]> {
  const expected = new Map<string, { files: number; bytes: number }>();
  for (const { owner, content } of uploads) {
    if (content === undefined) continue;
    const { files, bytes } = expected.get(owner) ?? { files: 0, bytes: 0 };
    expected.set(owner, { files: files + 1, bytes: bytes + content.length });
  }
  const found = await usageOf(target);
  const text = (usage: ReadonlyMap<string, { files: number; bytes: number }>) =>
    [...usage]
      .map(([jid, { files, bytes }]) => `${jid}: ${files} files, ${bytes} bytes`)
      .sort()
      .join("; ");
  if (text(found) === text(expected)) return [];
  return [`The ledger has ${text(found)} for ${service.name}; expected ${text(expected)}.`];
}

function compare(
  service: FormerService,
  before: ReadonlyMap<Question, Said>,
  after: ReadonlyMap<Question, Said>,
): readonly Comparison[] {
  return [...before].map(([question, said]) => {
    const now = after.get(question);
    if (now === undefined) throw new Error(`${question.url} was not asked after the move`);
    const { content } = question.upload;
    const uploaded = content === undefined ? undefined : sha256(content);
    return { kind: service.kind, question, before: said, after: now, uploaded };
  });
}
