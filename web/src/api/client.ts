import { strings } from "../strings";
import { identified } from "./identity";

/** A refusal of the server, or the lack of one, in words that a person understands. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

type Problem = { code?: unknown; detail?: unknown };

export async function problemOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const code = typeof problem.code === "string" ? problem.code : "unknown";
  return new ApiError(response.status, code, sentence(problem, response.status));
}

/** The server's own sentence, where there is one: it knows the reason. A proxy in between sends none. */
function sentence(problem: Problem, status: number): string {
  if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  return status === 429 ? strings.errors.busy : status === 413 ? strings.errors.tooLarge : strings.errors.unknown;
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "network", strings.errors.network);
}

/** Whether another try may succeed: the server was not reached, or something between it and us says so. */
export function isTransient(status: number): boolean {
  return status === 0 || status === 408 || status === 425 || status === 502 || status === 503 || status === 504;
}

type CallOptions = { method?: string; body?: unknown; signal?: AbortSignal };

export async function call<T>(path: string, { method = "GET", body, signal }: CallOptions = {}): Promise<T> {
  await identified();
  const response = await fetch(`/api/v1/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
