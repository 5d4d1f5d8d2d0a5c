import { memo, useEffect, useState } from "react";

type Render = (text: string, display: boolean) => string | null;

let loaded: Render | null = null;
let loading: Promise<Render> | null = null;

function load(): Promise<Render> {
  loading ??= import("./katexRender").then(
    (module) => {
      loaded = module.renderMath;
      return loaded;
    },
    (error: unknown) => {
      // The server may be unreachable; the next formula tries again.
      loading = null;
      throw error;
    },
  );
  return loading;
}

type Props = { text: string; raw: string; display: boolean };

export const MathView = memo(function MathView({ text, raw, display }: Props) {
  const [render, setRender] = useState<Render | null>(() => loaded);
  useEffect(() => {
    if (render) return;
    let here = true;
    load().then(
      (ready) => here && setRender(() => ready),
      () => undefined,
    );
    return () => {
      here = false;
    };
  }, [render]);
  const html = render?.(text, display) ?? null;
  if (html === null) return <code className="math-source">{raw.trim()}</code>;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: markup that KaTeX generated with trust off; the only use of raw HTML
  return <span className={display ? "math math-display" : "math"} dangerouslySetInnerHTML={{ __html: html }} />;
});
