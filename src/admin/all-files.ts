import type { Ledger, LedgerFile, UserSelection } from "../ledger/ledger.ts";

const pageSize = 1000;

/** Every file of a ledger in the order of their tokens, in the pages in which they are read. */
export async function* allFiles(ledger: Ledger): AsyncGenerator<readonly LedgerFile[]> {
  for (let after = ""; ; ) {
    const page = await ledger.files({ limit: pageSize, after });
    yield page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.token;
  }
}

/** The files of a user, read page by page. What happens to those that were given does not matter to the rest. */
export async function* filesOf(ledger: Ledger, user: UserSelection): AsyncGenerator<LedgerFile> {
  let cursor: string | undefined;
  do {
    const page = await ledger.filesOf(user, { limit: pageSize, ...(cursor !== undefined && { cursor }) });
    yield* page.files;
    cursor = page.next;
  } while (cursor !== undefined);
}
