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

type Problem = { code?: unknown; detail?: unknown; errors?: unknown };

export async function problemOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const code = typeof problem.code === "string" ? problem.code : "unknown";
  return new ApiError(response.status, code, sentence(code, problem, response.status));
}

function sentence(code: string, problem: Problem, status: number): string {
  const known =
    strings.errors[code] ?? (status === 429 ? strings.errors["rate_limited"] : status === 413 ? strings.errors["too_large"] : undefined);
  if (known) return known;
  if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  const field = Object.values((problem.errors ?? {}) as Record<string, unknown>).flat()[0];
  return typeof field === "string" ? field : (strings.errors["unknown"] ?? "");
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "network", strings.errors["network"] ?? "");
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
