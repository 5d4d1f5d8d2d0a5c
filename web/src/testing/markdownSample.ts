/** Markdown with a bit of everything, for tests. */
export const sample = `# How a bridge *carries* its load

A suspension bridge hangs its deck from **two main cables**. See [the article](https://example.com/bridge?a=1&b=2 "Bridges") or
visit https://example.com/plain, and mind \`inline code\`, ~~old ideas~~ and a hard  
break.

## Steps

1. The deck pulls on the hangers.
2. The hangers pull on the cable:
   - evenly,
   - and vertically.

   A paragraph within the item.
3. The cable pulls on the towers.

- [x] Anchored
- [ ] Painted

| Part | Force | Share |
|:-----|:-----:|------:|
| Cable | tension | 70 % |
| Tower | compression | \`30 %\` |

\`\`\`ts
export function tension(load: number, span: number, sag: number): number {
  // The parabola of an evenly loaded cable.
  return (load * span ** 2) / (8 * sag);
}
\`\`\`

> A quote that
> goes on, with **bold** words.
>
> - and a list

Inline $H = \\frac{wL^2}{8d}$, and displayed:

$$
\\int_0^L w\\,dx = wL
$$

![A picture](https://example.com/a.png) and <b>raw html</b> &amp; entities &copy;.

---

Setext title
------------

Last paragraph with a [reference][ref] and an emoji 🌉.

[ref]: https://example.com/ref
`;
