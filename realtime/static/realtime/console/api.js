// The HTTP side: JSON in, JSON out, problem details as errors.

/**
 * `code` is the API's own name of the problem; `errors` maps each field that is wrong to its reasons;
 * `problem` is all of it.
 */
export class ApiError extends Error {
  constructor(status, title, detail, problem = {}) {
    const { code = "", errors = {} } = problem;
    super(detail || title);
    this.status = status;
    this.title = title;
    this.code = code;
    this.errors = errors;
    this.problem = problem;
  }
}

/** What comes before the server's own paths, where a proxy has put it below one. */
export const PREFIX = location.pathname
  .replace(/\/(?:ws\/test|market\/[^/]+)\/?$/, "")
  .replace(/\/$/, "");

/**
 * Send one request. Throws ApiError, whose message the page shows as it is.
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown, token?: string, headers?: Record<string, string> }} options
 */
export async function request(method, path, { body, token, headers } = {}) {
  let response;
  try {
    response = await fetch(PREFIX + path, {
      method,
      credentials: "omit", // the token alone says who asks; an admin's cookie must not
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "No answer", "The server cannot be reached.");
  }
  const text = await response.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = null;
  }
  if (!response.ok)
    throw new ApiError(
      response.status,
      data?.title || `HTTP ${response.status}`,
      data?.detail || data?.title || `The server answered ${response.status}.`,
      data ?? {},
    );
  return data;
}
