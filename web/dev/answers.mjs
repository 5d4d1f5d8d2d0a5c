// What the mock server answers.
const reply = `A suspension bridge hangs its deck from **two main cables**, which rest on towers and end in heavy *anchorages*. The load travels in three steps:

1. The deck pulls on the vertical hangers.
2. The hangers pull on the main cable, evenly along its length.
3. The cable passes the force to the towers (as compression) and to the anchorages (as tension).

## The shape of the cable

Under its own weight alone a cable takes the form of a catenary. With an even load per metre of deck, $w$, it becomes a parabola, and the horizontal tension is

$$
H = \\frac{w L^2}{8 d}
$$

where $L$ is the span and $d$ the sag. A smaller sag means a *much* larger tension.

| Part | Force | Material | Share of cost |
|:-----|:------|:---------|----:|
| Main cable | tension | steel wire | 34 % |
| Hangers | tension | steel rope | 8 % |
| Towers | compression | steel or concrete | 27 % |
| Anchorages | shear and friction | concrete | 31 % |

\`\`\`ts
/** Horizontal tension in newtons. */
export function tension(load: number, span: number, sag: number): number {
  if (sag <= 0) throw new RangeError("The cable needs some sag.");
  return (load * span ** 2) / (8 * sag); // a parabola, not a catenary
}

console.log(\`H = \${(tension(120_000, 1280, 143) / 1e6).toFixed(0)} MN\`);
\`\`\`

> The Golden Gate Bridge carries about 21,300 tonnes of deck in its main span. Its two cables contain 129,000 km of wire.

- [x] Cables in tension
- [x] Towers in compression
- [ ] Wind, which is another story

See [the article on suspension bridges](https://en.wikipedia.org/wiki/Suspension_bridge) for more. ![A bridge](https://example.com/bridge.jpg)

<script>alert("raw html is only text")</script>

---

Is there a part you would like to look at more closely?
`;

function* words(text, type = "token") {
  for (const content of text.match(/\s*\S+\s?|\s+/g) ?? []) yield { type, callId: "1", content };
}

export function* answerFor(question, continued) {
  if (continued) {
    yield* words("and so the answer goes on where it had ended, in the same sentence.\n\nAnd with another paragraph.");
    return;
  }
  yield* words(
    "The question is about **how something works**. A good answer names the parts, then follows the force through them, and ends with numbers.",
    "reasoning",
  );
  if (/tool/.test(question)) {
    yield { type: "tool", callId: "1", name: "search" };
    yield* words('{"query": "suspension bridges", "limit": 3}', "tool-arguments");
    yield { type: "tool-result", callId: "1", result: { hits: [{ title: "Suspension bridge", score: 0.92 }] } };
  }
  if (/listing/.test(question)) {
    yield* words("```ts\n");
    for (let i = 0; i < 1500; i++) yield* words(`export const value${i}: number = compute(${i}, "text ${i}"); // line ${i}\n`);
    yield* words("```\n");
    return;
  }
  const times = /long/.test(question) ? 45 : 1;
  for (let i = 0; i < times; i++) {
    let count = 0;
    for (const word of words(times > 1 ? `# Chapter ${i + 1}\n\n${reply}\n\n` : reply)) {
      yield word;
      if (++count === 60 && /fail/.test(question)) {
        yield { type: "error", code: "provider_failed", message: "The provider closed the connection.", retryable: true, status: "failed" };
        return;
      }
      if (count === 60 && /length/.test(question)) {
        yield { type: "done", finishReason: "length", usage: { inputTokens: 10, outputTokens: 60 } };
        return;
      }
      if (count === 25 && /seam/.test(question)) yield { type: "seam", reason: "adopted", model: "demo/story" };
    }
  }
}
