// Runs before the first paint, so that a dark page never flashes white. Then src/ui/theme.ts takes over.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("parley.theme");
  } catch {}
  if (theme !== "light" && theme !== "dark") theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
})();
