/** Does one step of work, and returns whether there is more. */
export type Job = () => boolean;

const budget = 6;
const jobs = new Set<Job>();
let scheduled = false;

/** Runs jobs over several frames, newest first, so that rendering 100 kB of markdown never blocks the page. */
export function enqueue(job: Job): () => void {
  jobs.add(job);
  schedule();
  return () => jobs.delete(job);
}

/** Calls back in the next frame. A hidden page has no frames: there after 250 ms. */
export function onNextFrame(callback: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(callback);
  else setTimeout(callback, 250);
}

const immediate = 8_000;
let spent = 0;

/** Whether that many characters may be rendered synchronously, which spares short texts a blank frame. The total per frame is limited. */
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
    // React renders the result of a step after this callback, so a job with more steps waits for the next frame.
    else break;
  }
  if (jobs.size > 0) schedule();
}
