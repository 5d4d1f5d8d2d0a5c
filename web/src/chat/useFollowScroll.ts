import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const near = 40;

type FollowScroll = {
  scroller: RefObject<HTMLElement | null>;
  content: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  toEnd: () => void;
};

/**
 * Keeps the end of the log in view while the reader is at the end. Input that scrolls upward stops that; scrolling back to the end, or `toEnd`,
 * starts it again. A change of the position alone stops nothing: when blocks outside the view take their estimated height, the browser moves
 * the position as well.
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
    let touchY = 0;
    let pressed = false;
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
    // Dragging the scrollbar, or a selection. The middle button may start a scroll that lasts after it is released.
    const onPointerDown = (event: PointerEvent): void => {
      pressed = event.pointerType === "mouse";
      if (event.button === 1) release();
    };
    const onPointerUp = (): void => {
      pressed = false;
    };
    // The browser's search scrolls without events.
    const onSearchKey = (event: KeyboardEvent): void => {
      if (event.key === "F3" || (event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey))) release();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "End") toEnd();
      if (["PageUp", "ArrowUp", "Home"].includes(event.key) || (event.key === " " && event.shiftKey)) release();
    };
    // The keyboard, or a screen reader, moves to something above the view.
    const onFocusIn = (event: FocusEvent): void => {
      if (event.target !== element && (event.target as Element).getBoundingClientRect().top < element.getBoundingClientRect().top)
        release();
    };
    const onScroll = (): void => {
      const top = element.scrollTop;
      if (top < lastTop - 1 && pressed) release();
      else if (top > lastTop && distance() < near) following.current = true;
      else if (following.current && distance() >= near) element.scrollTop = element.scrollHeight;
      lastTop = element.scrollTop;
      setAtEnd(following.current || distance() < near);
    };
    const stick = (): void => {
      if (following.current) element.scrollTop = element.scrollHeight;
      else setAtEnd(distance() < near);
      lastTop = element.scrollTop;
    };
    const observer = new ResizeObserver(stick);
    observer.observe(inner);
    observer.observe(element);
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("touchstart", onTouchStart, { passive: true });
    element.addEventListener("touchmove", onTouchMove, { passive: true });
    element.addEventListener("pointerdown", onPointerDown);
    element.addEventListener("focusin", onFocusIn);
    element.addEventListener("keydown", onKey);
    element.addEventListener("click", onClick);
    element.addEventListener("scroll", onScroll, { passive: true });
    window.addEventListener("pointerup", onPointerUp);
    window.addEventListener("pointercancel", onPointerUp);
    window.addEventListener("keydown", onSearchKey);
    stick();
    return () => {
      observer.disconnect();
      window.removeEventListener("pointerup", onPointerUp);
      window.removeEventListener("pointercancel", onPointerUp);
      window.removeEventListener("keydown", onSearchKey);
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchstart", onTouchStart);
      element.removeEventListener("touchmove", onTouchMove);
      element.removeEventListener("pointerdown", onPointerDown);
      element.removeEventListener("focusin", onFocusIn);
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
