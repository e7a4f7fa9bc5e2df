import type { Ledger, LedgerFile, Selection } from "../ledger/ledger.ts";

const pageSize = 1000;

/** The files of a selection in the order of their tokens, read page by page. */
export async function* allFiles(ledger: Ledger, selection: Selection): AsyncGenerator<LedgerFile> {
  let after: string | undefined;
  for (;;) {
    const page = await ledger.files(selection, {
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    after = page.at(-1)?.token;
    if (page.length < pageSize) return;
  }
}
