/** A page of a list that goes on before and after it. `for await` walks over the items of this page and all that follow. */
export class CursorPage<TItem> implements AsyncIterable<TItem> {
  readonly data: readonly TItem[];
  /** The ids that the neighbours begin after or end before; missing where there is none. */
  readonly pagination: { readonly next?: string; readonly previous?: string };
  readonly #read: ReadCursorPage<TItem>;

  constructor(
    data: readonly TItem[],
    pagination: CursorPage<TItem>["pagination"],
    read: ReadCursorPage<TItem>,
  ) {
    this.data = data;
    this.pagination = pagination;
    this.#read = read;
  }

  getPaginatedItems(): readonly TItem[] {
    return this.data;
  }

  hasNextPage(): boolean {
    return this.pagination.next !== undefined;
  }

  hasPreviousPage(): boolean {
    return this.pagination.previous !== undefined;
  }

  /** The page of older items; an empty one after the last. */
  async getNextPage(): Promise<CursorPage<TItem>> {
    const { next } = this.pagination;
    return next === undefined ? this.#none() : this.#read({ after: next });
  }

  /** The page of newer items; an empty one before the first. */
  async getPreviousPage(): Promise<CursorPage<TItem>> {
    const { previous } = this.pagination;
    return previous === undefined ? this.#none() : this.#read({ before: previous });
  }

  [Symbol.asyncIterator](): AsyncIterator<TItem> {
    return walk<TItem>(this);
  }

  #none(): CursorPage<TItem> {
    return new CursorPage<TItem>([], {}, this.#read);
  }
}

interface Walkable<TItem> {
  readonly data: readonly TItem[];
  hasNextPage(): boolean;
  getNextPage(): Promise<Walkable<TItem>>;
}

/** The items of a page and of all that follow. */
async function* walk<TItem>(first: Walkable<TItem>): AsyncGenerator<TItem, void, undefined> {
  for (let page = first; ; page = await page.getNextPage()) {
    yield* page.data;
    if (!page.hasNextPage()) return;
  }
}

/** Which page. */
export interface Cursor {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

type ReadCursorPage<TItem> = (cursor: Cursor) => Promise<CursorPage<TItem>>;

/**
 * Reads a page of items, newest first.
 * @param list Gives up to `limit` items, in the order of the list: older than `after`, or the nearest newer than `before`.
 */
export async function readCursorPage<TItem extends { readonly id: string }>(
  list: (cursor: Cursor & { readonly limit: number }) => Promise<readonly TItem[]>,
  limit: number,
  cursor: Cursor,
): Promise<CursorPage<TItem>> {
  const isUp = cursor.before !== undefined && cursor.after === undefined;
  const found = await list({ ...cursor, limit: limit + 1 });
  const hasMore = found.length > limit;
  const data = isUp && hasMore ? found.slice(1) : found.slice(0, limit);
  const next = isUp || hasMore ? data.at(-1)?.id : undefined;
  const hasPrevious = isUp ? hasMore : cursor.after !== undefined;
  const previous = hasPrevious ? data[0]?.id : undefined;
  return new CursorPage(
    data,
    { ...(next !== undefined && { next }), ...(previous !== undefined && { previous }) },
    (other) => readCursorPage(list, limit, other),
  );
}

/** A page by its number. `for await` walks over the items of this page and all that follow. */
export class OffsetPage<TItem> implements AsyncIterable<TItem> {
  readonly data: readonly TItem[];
  readonly pagination: {
    /** From 1. */
    readonly currentPage: number;
    readonly totalPages: number;
    /** Of all items. */
    readonly count: number;
  };
  readonly #read: (page: number) => Promise<OffsetPage<TItem>>;

  constructor(
    data: readonly TItem[],
    pagination: OffsetPage<TItem>["pagination"],
    read: (page: number) => Promise<OffsetPage<TItem>>,
  ) {
    this.data = data;
    this.pagination = pagination;
    this.#read = read;
  }

  getPaginatedItems(): readonly TItem[] {
    return this.data;
  }

  hasNextPage(): boolean {
    return this.pagination.currentPage < this.pagination.totalPages;
  }

  hasPreviousPage(): boolean {
    return this.pagination.currentPage > 1;
  }

  getNextPage(): Promise<OffsetPage<TItem>> {
    return this.#read(this.pagination.currentPage + 1);
  }

  getPreviousPage(): Promise<OffsetPage<TItem>> {
    return this.#read(Math.max(this.pagination.currentPage - 1, 1));
  }

  [Symbol.asyncIterator](): AsyncIterator<TItem> {
    return walk<TItem>(this);
  }
}

/** Reads the page of a number. */
export async function readOffsetPage<TItem>(
  list: (range: {
    readonly limit: number;
    readonly offset: number;
  }) => Promise<{ readonly items: readonly TItem[]; readonly count: number }>,
  perPage: number,
  page: number,
): Promise<OffsetPage<TItem>> {
  const { items, count } = await list({ limit: perPage, offset: (page - 1) * perPage });
  const pagination = { currentPage: page, totalPages: Math.ceil(count / perPage), count };
  return new OffsetPage(items, pagination, (other) => readOffsetPage(list, perPage, other));
}

/** The promise of a page: awaited it gives the page, with `for await` the items of this page and all that follow. */
export class PagePromise<TItem, TPage extends AsyncIterable<TItem>>
  extends Promise<TPage>
  implements AsyncIterable<TItem>
{
  // What `then` gives is a plain promise.
  static override readonly [Symbol.species] = Promise;

  static of<TItem, TPage extends AsyncIterable<TItem>>(
    page: Promise<TPage>,
  ): PagePromise<TItem, TPage> {
    return new PagePromise((resolve, reject) => void page.then(resolve, reject));
  }

  async *[Symbol.asyncIterator](): AsyncIterator<TItem> {
    yield* await this;
  }
}
