/** A finger that stays down, or the other mouse button: both ask what can be done. */

const HELD_MS = 450;
const STILL_PX = 10;

export function heldDown(onheld: (target: EventTarget | null) => void): (element: HTMLElement) => () => void {
  return (element) => {
    let timer = 0;
    let from = { x: 0, y: 0 };
    const stop = () => clearTimeout(timer);
    const down = ({ pointerType, clientX, clientY, target }: PointerEvent) => {
      if (pointerType !== "touch") return;
      from = { x: clientX, y: clientY };
      timer = window.setTimeout(() => onheld(target), HELD_MS);
    };
    const moved = ({ clientX, clientY }: PointerEvent) => {
      if (Math.hypot(clientX - from.x, clientY - from.y) > STILL_PX) stop();
    };
    const asked = (event: MouseEvent) => {
      if ((event.target as HTMLElement).closest("a")) return; // a link has a menu of its own
      event.preventDefault();
      stop();
      onheld(event.target);
    };
    const listening = new AbortController();
    const { signal } = listening;
    element.addEventListener("pointerdown", down, { signal });
    element.addEventListener("pointermove", moved, { signal });
    for (const end of ["pointerup", "pointercancel", "scroll"]) element.addEventListener(end, stop, { signal });
    element.addEventListener("contextmenu", asked, { signal });
    return () => {
      stop();
      listening.abort();
    };
  };
}
