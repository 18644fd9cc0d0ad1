// What uPlot asks of a browser when it loads, and jsdom lacks.
if (typeof window !== 'undefined' && window.matchMedia === undefined) {
  window.matchMedia = (query) => Object.assign(new EventTarget(), { matches: false, media: query }) as unknown as MediaQueryList;
}
