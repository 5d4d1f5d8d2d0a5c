/** A step of work; true when there is more of it. */
export type Job = () => boolean;

const budget = 6;
const jobs = new Set<Job>();
let scheduled = false;

/** Work spread over frames: a page with a hundred kilobytes of markdown appears piece by piece and never blocks. Newest first. */
export function enqueue(job: Job): () => void {
  jobs.add(job);
  schedule();
  return () => jobs.delete(job);
}

/** Calls back with the next frame, or soon where there are no frames because the page is hidden. */
export function onNextFrame(callback: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(callback);
  else setTimeout(callback, 250);
}

const immediate = 8_000;
let spent = 0;

/** Whether so many characters may be rendered at once: short texts appear without a blank frame, as long as there are few of them. */
export function mayRenderNow(characters: number): boolean {
  if (spent > 0 && spent + characters > immediate && characters > 200) return false;
  if (spent === 0) onNextFrame(resetSpent);
  spent += characters + 1;
  return true;
}

function resetSpent(): void {
  spent = 0;
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  onNextFrame(run);
}

function run(): void {
  scheduled = false;
  const start = performance.now();
  while (jobs.size > 0 && performance.now() - start < budget) {
    const job = [...jobs].at(-1);
    if (!job) break;
    if (!job()) jobs.delete(job);
    // The steps set state, which is rendered after this callback: one step a frame, unless it was a small one.
    else break;
  }
  if (jobs.size > 0) schedule();
}
