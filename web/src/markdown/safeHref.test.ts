import { expect, test } from "vitest";
import { safeHref } from "./safeHref";

test.each([
  ["https://example.com/a?b=c#d", "https://example.com/a?b=c#d"],
  [" http://example.com ", "http://example.com/"],
  ["HTTPS://EXAMPLE.com/Path", "https://example.com/Path"],
  ["mailto:a@example.com", "mailto:a@example.com"],
])("%j may be opened", (href, safe) => {
  expect(safeHref(href)).toBe(safe);
});

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "data:text/html,<script>",
  "vbscript:x",
  "file:///etc/passwd",
  "/relative",
  "//example.com",
  "https:example.com",
  "https://",
  "http://[broken",
  "",
])("%j may not", (href) => {
  expect(safeHref(href)).toBeNull();
});
