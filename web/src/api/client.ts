import { strings } from "../strings";
import { identified } from "./identity";
import type { ProblemDetails } from "./types";

/** A refusal by the server, or the failure to reach it (status 0), with a message for the user. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A proxy may answer in the place of the server, with anything. */
type Problem = Partial<Record<keyof ProblemDetails, unknown>>;

export async function problemOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const problem: Problem = typeof body === "object" && body !== null ? body : {};
  const code = typeof problem.code === "string" ? problem.code : "unknown";
  return new ApiError(response.status, code, messageOf(problem, response.status));
}

function messageOf(problem: Problem, status: number): string {
  if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  return status === 429 ? strings.errors.busy : status === 413 ? strings.errors.tooLarge : strings.errors.unknown;
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "network", strings.errors.network);
}

/** Whether a retry may succeed: the server was not reached, or a proxy could not reach it. */
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
