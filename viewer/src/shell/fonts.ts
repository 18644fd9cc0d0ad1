// The font of canvases: what was drawn without it is not drawn again when it arrives.
const FOLDER = '/public/fonts/inter';
const WEIGHTS: Readonly<Record<string, string>> = { 400: 'Inter-Regular', 500: 'Inter-Medium' };
// Without it, a page is still of use.
const MOST_MILLISECONDS = 1000;

/** Loads the fonts in which charts write; returns when they are there, or late. */
export async function loadFonts(): Promise<void> {
  const loads = Object.entries(WEIGHTS).map(async ([weight, name]) => {
    const face = new FontFace('Inter', `url(${FOLDER}/${name}.woff2)`, { weight });
    document.fonts.add(await face.load());
  });
  const late = new Promise<void>((done) => setTimeout(done, MOST_MILLISECONDS));
  await Promise.race([Promise.allSettled(loads), late]);
}
