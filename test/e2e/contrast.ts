/** Whether people can read what is on a page: the contrasts that WCAG 2.2 asks for on level AA, from computed styles. */
import type { Locator } from 'playwright';

/**
 * What is too faint within a place, each as `3.2 of 4.5: "Label" #999999 on #ffffff, .class`; empty where all is well.
 *
 * Looked at are texts, values and placeholders of fields (4.5, large ones 3), icons and the outlines of fields (3), also those
 * that are scrolled out of sight. Left out are controls that are disabled, as WCAG does, and what lies over a picture. What
 * is behind something is taken to be its ancestors.
 */
export function contrastFaults(place: Locator): Promise<string[]> {
  return place.evaluate((root) => {
    type Colour = readonly [red: number, green: number, blue: number, alpha: number];
    type Layers = readonly CSSStyleDeclaration[];

    const pixel = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
    const known = new Map<string, Colour>();
    const parse = (text: string): Colour => {
      const before = known.get(text);
      if (before) return before;
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = text;
      pixel.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = pixel.getImageData(0, 0, 1, 1).data;
      const colour: Colour = [red, green, blue, alpha / 255];
      known.set(text, colour);
      return colour;
    };
    const over = (top: Colour, below: Colour, opacity = 1): Colour => {
      const alpha = top[3] * opacity;
      const mixed = (index: 0 | 1 | 2) => top[index] * alpha + below[index] * (1 - alpha);
      return [mixed(0), mixed(1), mixed(2), 1];
    };
    const white: Colour = [255, 255, 255, 1];

    /** What a colour on the innermost layer and that layer itself come out as, over what lies behind them. */
    const painted = (layers: Layers, colour: Colour | null, behind: Colour = white): readonly [front: Colour, back: Colour] => {
      const [outer, ...inner] = layers;
      if (!outer) return [colour ? over(colour, behind) : behind, behind];
      const opacity = Number(outer.opacity);
      const parts = painted(inner, colour, over(parse(outer.backgroundColor), behind));
      return [over(parts[0], behind, opacity), over(parts[1], behind, opacity)];
    };
    const layersOf = (element: Element): CSSStyleDeclaration[] => {
      const layers: CSSStyleDeclaration[] = [];
      for (let at: Element | null = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at));
      return layers;
    };
    const luminance = ([red, green, blue]: Colour): number => {
      const linear = (channel: number) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    };
    const ratio = (one: Colour, other: Colour): number => {
      const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
      return (light + 0.05) / (dark + 0.05);
    };

    const faults = new Set<string>();
    const isPicture = (layers: Layers) => layers.some(({ backgroundImage }) => /url|gradient/.test(backgroundImage));
    const isLeftOut = (element: Element): boolean =>
      element.closest(':disabled, [data-disabled]:not([data-disabled="false"]), [aria-disabled="true"]') !== null ||
      !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) ||
      // Texts for screen readers only.
      element.getBoundingClientRect().width < 2;
    const hex = (colour: Colour) =>
      `#${colour
        .slice(0, 3)
        .map((channel) => Math.round(channel).toString(16).padStart(2, '0'))
        .join('')}`;
    const demand = (needed: number, what: string, front: Colour, back: Colour, element: Element) => {
      const found = ratio(front, back);
      if (found < needed - 0.005) faults.add(`${found.toFixed(2)} of ${needed}: ${what} ${hex(front)} on ${hex(back)}, ${nameOf(element)}`);
    };
    const nameOf = (element: Element): string => {
      const classes = (element.getAttribute('class') ?? '').trim().split(/\s+/);
      return `${element.tagName.toLowerCase()}.${classes.slice(0, 2).join('.')}`;
    };
    const checkText = (element: Element, text: string, colour: string) => {
      const layers = layersOf(element);
      if (isPicture(layers)) return;
      const { fontSize, fontWeight } = getComputedStyle(element);
      const size = Number.parseFloat(fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
      const [front, back] = painted(layers, parse(colour));
      demand(isLarge ? 3 : 4.5, JSON.stringify(text.slice(0, 40)), front, back, element);
    };

    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement!;
      const said = text.textContent?.trim() ?? '';
      if (said !== '' && !isLeftOut(element)) checkText(element, said, getComputedStyle(element).color);
    }
    for (const input of root.querySelectorAll<HTMLInputElement>('input, textarea, select')) {
      if (isLeftOut(input)) continue;
      const { color, webkitTextFillColor } = getComputedStyle(input);
      const isTyped = !['checkbox', 'radio'].includes(input.type);
      if (isTyped && input.value !== '') checkText(input, input.value, webkitTextFillColor || color);
      if (isTyped && input.value === '' && input.placeholder) checkText(input, input.placeholder, getComputedStyle(input, '::placeholder').color);
      const layers = layersOf(input);
      const style = layers.at(-1)!;
      if (isPicture(layers) || Number.parseFloat(style.borderTopWidth) === 0) continue;
      // Its outline, or else its own ground, sets it off from what is around it.
      const [, around] = painted(layers.slice(0, -1), null);
      const [outline] = painted(layers.slice(0, -1), parse(style.borderTopColor));
      const [, ground] = painted(layers, null);
      // What sets it off from what is around it; where nothing does, it is meant to look like text.
      const set = ratio(outline, around) > ratio(ground, around) ? outline : ground;
      const label = input.ariaLabel ?? input.labels?.[0]?.innerText ?? input.type;
      if (ratio(set, around) > 1.01) demand(3, `outline of ${label}`, set, around, input);
    }
    for (const icon of root.querySelectorAll('svg')) {
      if (icon.getBoundingClientRect().width > 40 || isLeftOut(icon)) continue;
      const styles = [...icon.querySelectorAll('path, circle, line, rect, polyline, polygon')].map((shape) => getComputedStyle(shape));
      const colour = styles.flatMap(({ stroke, fill }) => [stroke, fill]).find((paint) => paint !== 'none');
      const layers = layersOf(icon);
      if (colour === undefined || isPicture(layers)) continue;
      const [front, back] = painted(layers, parse(colour));
      const holder = icon.closest<HTMLElement>('button, a, [aria-label], [title]');
      demand(3, `icon of ${holder?.ariaLabel ?? (holder?.title || holder?.innerText) ?? 'nothing'}`, front, back, icon);
    }
    return [...faults];
  });
}
