import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { sample } from "../testing/markdownSample";
import { BlockView } from "./BlockView";
import { type Block, BlockSplitter } from "./blocks";

function render(blocks: readonly Block[]): string {
  return renderToStaticMarkup(blocks.map(({ start, token }) => <BlockView key={start} token={token} settled seam={undefined} />));
}

function html(markdown: string, size = markdown.length): string {
  const splitter = new BlockSplitter();
  for (let from = 0; from < markdown.length; from += size) {
    splitter.append(markdown.slice(from, from + size));
    splitter.blocks();
  }
  return render(splitter.blocks(true));
}

test("streamed markdown renders like the same markdown at once", () => {
  const whole = html(sample);
  for (const size of [1, 2, 3, 7, 31, 200]) expect(html(sample, size)).toBe(whole);
  for (const piece of ["<table", "<ol>", "<blockquote>", "<del>", "<strong>", 'type="checkbox"', "math-source", "<h3"]) {
    expect(whole).toContain(piece);
  }
});

test("every prefix can be rendered", () => {
  const splitter = new BlockSplitter();
  for (const char of sample) {
    splitter.append(char);
    expect(render(splitter.blocks()).length).toBeGreaterThan(0);
  }
});

test("nothing that a model writes loads, runs or sends anything by itself", () => {
  const markup = html(
    [
      "![track](https://evil.example/pixel.png) <img src=x onerror=alert(1)> <script>alert(1)</script>",
      "[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x) [d](/local) <javascript:alert(1)> [e](JaVaScRiPt:alert(1))",
      "[f](java&#115;cript:alert(1)) [g](https://ok.example/?a=1&amp;b=2) [h](mailto:a@b.example)",
      '<iframe src="https://evil.example"></iframe>',
      "<style>*{display:none}</style>",
    ].join("\n\n"),
  );
  expect(markup).not.toMatch(/<(?:img|script|iframe|style|link|object|embed|form|svg)\b/i);
  const targets = [...markup.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
  expect(targets).toEqual(["https://evil.example/pixel.png", "https://ok.example/?a=1&amp;b=2", "mailto:a@b.example"]);
  for (const [anchor] of markup.matchAll(/<a [^>]*>/g)) {
    expect(anchor).toContain('rel="noopener noreferrer nofollow"');
    expect(anchor).toContain('target="_blank"');
  }
});
