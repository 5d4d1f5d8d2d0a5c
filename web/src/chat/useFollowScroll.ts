import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const near = 40;

type FollowScroll = {
  scroller: RefObject<HTMLElement | null>;
  content: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  toEnd: () => void;
};

/**
 * Keeps the end of the log in view while the reader is at the end. Any upward scroll stops that; scrolling back to the end, or `toEnd`, starts
 * it again.
 */
export function useFollowScroll(): FollowScroll {
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    following.current = true;
    setAtEnd(true);
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) return;
    let lastTop = element.scrollTop;
    let lastHeight = element.scrollHeight;
    let touchY = 0;
    const distance = (): number => element.scrollHeight - element.scrollTop - element.clientHeight;
    const release = (): void => {
      if (element.scrollHeight > element.clientHeight + 1) following.current = false;
    };
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0) release();
    };
    const onTouchStart = (event: TouchEvent): void => {
      touchY = event.touches[0]?.clientY ?? 0;
    };
    const onTouchMove = (event: TouchEvent): void => {
      if ((event.touches[0]?.clientY ?? 0) > touchY + 2) release();
    };
    // Opening a section must not scroll it out of view.
    const onClick = (event: MouseEvent): void => {
      if ((event.target as Element).closest("summary")) release();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "End") toEnd();
      if (["PageUp", "ArrowUp", "Home"].includes(event.key) || (event.key === " " && event.shiftKey)) release();
    };
    const onScroll = (): void => {
      const top = element.scrollTop;
      const height = element.scrollHeight;
      // Dragging the scrollbar has no event of its own: the position went up although the content did not shrink.
      if (top < lastTop - 1 && height >= lastHeight) release();
      else if (top > lastTop && distance() < near) following.current = true;
      lastTop = top;
      lastHeight = height;
      setAtEnd(following.current || distance() < near);
    };
    const stick = (): void => {
      if (following.current) element.scrollTop = element.scrollHeight;
      else setAtEnd(distance() < near);
      lastTop = element.scrollTop;
      lastHeight = element.scrollHeight;
    };
    const observer = new ResizeObserver(stick);
    observer.observe(inner);
    observer.observe(element);
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("touchstart", onTouchStart, { passive: true });
    element.addEventListener("touchmove", onTouchMove, { passive: true });
    element.addEventListener("keydown", onKey);
    element.addEventListener("click", onClick);
    element.addEventListener("scroll", onScroll, { passive: true });
    stick();
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchstart", onTouchStart);
      element.removeEventListener("touchmove", onTouchMove);
      element.removeEventListener("keydown", onKey);
      element.removeEventListener("click", onClick);
      element.removeEventListener("scroll", onScroll);
    };
  }, [toEnd]);

  return { scroller, content, atEnd, toEnd };
}

/** Keeps the visible messages in place when older ones are inserted above them. */
export function useKeepScrollPosition(scroller: RefObject<HTMLElement | null>, firstId: string | undefined): void {
  const before = useRef<{ id: string | undefined; top: number }>({ id: undefined, top: 0 });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const note = (): void => {
      const first = element.querySelector<HTMLElement>("[data-message-id]");
      before.current = { id: first?.dataset["messageId"], top: first?.getBoundingClientRect().top ?? 0 };
    };
    note();
    element.addEventListener("scroll", note, { passive: true });
    return () => element.removeEventListener("scroll", note);
  }, [scroller]);
  useLayoutEffect(() => {
    const element = scroller.current;
    const { id, top } = before.current;
    if (!element || !id || id === firstId) return;
    const kept = element.querySelector<HTMLElement>(`[data-message-id="${CSS.escape(id)}"]`);
    if (kept) element.scrollTop += kept.getBoundingClientRect().top - top;
    before.current = { id: firstId, top: element.querySelector<HTMLElement>("[data-message-id]")?.getBoundingClientRect().top ?? 0 };
  }, [scroller, firstId]);
}
