/** An HTTP request, read whole. */
export interface WireRequest {
  method: string;
  /** Without the query string. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  /** As text, unpacked. Empty in requests for S3, whose bodies are read as `bytes`. */
  body: string;
  /** As sent. */
  bytes: Buffer;
}

export interface WireAnswer {
  status: number;
  /** `content-length` is the body's, unless it is here. */
  headers: Record<string, string>;
  body: string | Buffer;
}
