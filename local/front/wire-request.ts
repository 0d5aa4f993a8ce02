/** An HTTP request, read whole. */
export interface WireRequest {
  method: string;
  /** Without the query string. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  body: string;
}

export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}
