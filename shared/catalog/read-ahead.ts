/**
 * The pages of many sources, source after source, each followed by its end. The first pages of the next sources are under way already: many short ones
 * are not waited for one by one. No more than `width` pages and one are held. Stopping early ends what is under way.
 */
export async function* readAhead<S, T>(
  sources: readonly S[],
  pagesOf: (source: S) => AsyncIterable<readonly T[]>,
  width: number,
): AsyncGenerator<{ source: S; page: readonly T[] | 'end' }> {
  const begun: { source: S; pages: AsyncIterator<readonly T[]>; next: Promise<IteratorResult<readonly T[]>> }[] = [];
  let position = 0;
  const begin = () => {
    while (begun.length < width && position < sources.length) {
      const source = sources[position++] as S;
      const pages = pagesOf(source)[Symbol.asyncIterator]();
      begun.push({ source, pages, next: settledLater(pages.next()) });
    }
  };
  try {
    for (begin(); begun[0]; begun.shift(), begin()) {
      const { source, pages } = begun[0];
      let result = await begun[0].next;
      while (!result.done) {
        const next = settledLater(pages.next());
        yield { source, page: result.value };
        result = await next;
      }
      yield { source, page: 'end' };
    }
  } finally {
    for (const { pages } of begun) pages.return?.().catch(() => {});
  }
}

/** A fault of a source whose turn has not come is thrown when it comes, and is nobody's if it never does. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
